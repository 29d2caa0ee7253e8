// No call of ours is one that the program's own filters refuse.
#pragma once

#include "registers.h"  // arch/ARCH
#include "shim/sandbox/kept.h"

namespace abishim::sandbox {

// Through the gate, but only if the kept filters allow it; ENOSYS otherwise, without a trace.
long Guarded(long nr, long a, long b, long c, long d, long e, long f);
inline long Call(long nr, long a, long b, long c, long d, long e, long f) {
  return g_kept.load(std::memory_order_relaxed) == 0 ? abishim_gate(nr, a, b, c, d, e, f)
                                                     : Guarded(nr, a, b, c, d, e, f);
}

// The program's own call, whatever its filters say to it.
inline long Original(long nr, const Args& a) {
  return abishim_gate(nr, a.Long(0), a.Long(1), a.Long(2), a.Long(3), a.Long(4), a.Long(5));
}

// Whether the program's own instruction may make this call in place of the one that was trapped;
// it is then noted (turned.h). `trapped`: what that one was.
// (A filter with a broker behind its TRAP sees the older call when the program falls back to it.)
bool MayReexecute(const arch::Ucontext& u, long trapped, long nr, const Args& args);

// What the kept filters do with a trapped call.
enum class Decision {
  kGoOn,      // nothing: the call is ours to make
  kAnswered,  // the frame holds what the program shall get
  kTheirs,    // the trap is the program's own, whatever its cookie
};
// Who is trapped by a filter of the program's finds its data in `info` then. Whose call may end him
// is not inside any more.
class Inside;
Decision Decide(arch::Siginfo* info, arch::Ucontext* u, const Args& args, bool control,
                Inside* inside);

// Between Enter and Leave this thread is between the question and the call. Who installs a filter
// for all threads has left, publishes it, and waits until those have left who may not have seen it.
class Inside {
 public:
  enum class When { kNow, kLater };
  explicit Inside(When when = When::kNow) {
    if (when == When::kNow) Enter();
  }
  ~Inside() { Leave(); }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;
  void Enter();
  void Leave() {  // once, or again and again
    if (inside_ != nullptr) [[unlikely]]
      LeaveNow();
  }

 private:
  void LeaveNow();
  unsigned forks_ = 0, door_ = 0;
  std::atomic<int>* inside_ = nullptr;
};
// Left for as long as a call is served that may install a filter: or two that install one at a time
// would wait for each other. And by a vfork child that executes something: it does not come back to
// its parent's memory, and no filter of its parent's comes to it.
class Outside {
 public:
  Outside(Inside* inside, long nr);
  ~Outside();
  Outside(const Outside&) = delete;
  Outside& operator=(const Outside&) = delete;

 private:
  Inside* const left_;
};
void WaitForOthers();
void ForgetOthers();  // in a fork child

}  // namespace abishim::sandbox

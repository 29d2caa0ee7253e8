#include "shim/sandbox/guard.h"

#include <linux/errno.h>

#include "shim/sandbox/prefix.h"
#include "shim/sandbox/turned.h"
#include "shim/signals/thread.h"
#include "tables/lookup.h"

namespace abishim::sandbox {
namespace {

// Who is inside came in by one of two doors, which are closed in turn: he who waits waits for those
// inside, and not for those who come after them. Counted in several places: or each trap of each
// thread would want the same cache line.
struct alignas(64) Hall {
  std::atomic<int> inside[2];
};
constexpr unsigned kHalls = 16;  // HallOf
constinit Hall g_halls[kHalls] = {};
constinit std::atomic<unsigned> g_door = 0;
constinit std::atomic<unsigned> g_forks = 0;

// A control makes the call itself, or has the program make it, and whoever is to be asked is asked
// then; but three may make none. For those the same call as a query: 0, or what the asked one says.
long AskFor(long nr, Args args) {
  const bool altstack = nr == NumberOf("sigaltstack");
  if (!altstack && nr != NumberOf("rt_sigprocmask") && nr != NumberOf("rt_sigaction")) return 0;
  args.word[altstack ? 0 : 1] = 0;
  const long result = Original(nr, args);
  return result == -EFAULT ? 0 : result;
}

long ErrnoOf(unsigned said) {
  constexpr unsigned kMost = 4095;  // MAX_ERRNO
  const unsigned error = said & SECCOMP_RET_DATA;
  return -static_cast<long>(error < kMost ? error : kMost);
}

// By where a thread stands on its alternate stack: no two stand there at a time.
Hall& HallOf(const void* here) {
  constexpr Word kMix = 0x9e3779b97f4a7c15;
  return g_halls[reinterpret_cast<Word>(here) * kMix >> 60];
}

bool LeavesFor(long nr) {
  if (nr == NumberOf("seccomp") || nr == NumberOf("prctl")) return true;
  return (nr == NumberOf("execve") || nr == NumberOf("execveat")) && signals::MemoryIsBorrowed();
}

}  // namespace

long Guarded(long nr, long a, long b, long c, long d, long e, long f) {
  const Args args{{static_cast<Word>(a), static_cast<Word>(b), static_cast<Word>(c),
                   static_cast<Word>(d), static_cast<Word>(e), static_cast<Word>(f)}};
  if (!Lets(Judge(nr, args, reinterpret_cast<Word>(abishim_gate_caller)))) return -ENOSYS;
  return abishim_gate(nr, a, b, c, d, e, f);
}

bool MayReexecute(const arch::Ucontext& u, long trapped, long nr, const Args& args) {
  if (nr != trapped && !IsReexecuted(nr)) return false;
  if (g_kept.load(std::memory_order_relaxed) != 0 &&
      !Lets(Judge(nr, args, arch::ProgramCounter(u)))) {
    return false;
  }
  NoteTurned(u, nr, args);
  return true;
}

// Our TRAP outranks everything of theirs but TRAP and KILL, which have had their way already: KILL
// is said only by a filter that is just being installed, or that nobody handed on, or of a call
// that we might have had the program make (prefix.h). The gate is let through by ours and not by
// theirs, so there the kernel does what was asked for. (A control makes its own call, if any, which
// no other way could.)
Decision Decide(arch::Siginfo* info, arch::Ucontext* u, const Args& args, bool control,
                Inside* inside) {
  if (g_kept.load(std::memory_order_relaxed) == 0) return Decision::kGoOn;
  const long nr = info->syscall.nr;
  const unsigned said = Judge(nr, args, arch::ProgramCounter(*u));
  if (TakeTurned(*u, nr, args) && !Lets(said)) {
    arch::SetResult(u, -ENOSYS);
    return Decision::kAnswered;
  }
  switch (ActionOf(said)) {
    case SECCOMP_RET_ALLOW:
    case SECCOMP_RET_LOG:  // what is logged is what is made in its place
      return Decision::kGoOn;
    case SECCOMP_RET_TRAP:
      info->error = static_cast<int>(said & SECCOMP_RET_DATA);
      return Decision::kTheirs;
    case SECCOMP_RET_ERRNO:
      arch::SetResult(u, ErrnoOf(said));
      return Decision::kAnswered;
    case SECCOMP_RET_TRACE:
    case SECCOMP_RET_USER_NOTIF:
      if (control) {
        const long result = AskFor(nr, args);
        if (result == 0) return Decision::kGoOn;
        arch::SetResult(u, result);
        return Decision::kAnswered;
      }
      [[fallthrough]];
    default:
      if (control) return Decision::kGoOn;
      inside->Leave();
      arch::SetResult(u, Original(nr, args));
      return Decision::kAnswered;
  }
}

void Inside::Enter() {
  forks_ = g_forks.load();
  door_ = g_door.load();
  inside_ = &HallOf(this).inside[door_];
  inside_->fetch_add(1);
}

void Inside::LeaveNow() {
  if (forks_ == g_forks.load()) inside_->fetch_sub(1);
  inside_ = nullptr;
}

Outside::Outside(Inside* inside, long nr) : left_(LeavesFor(nr) ? inside : nullptr) {
  if (left_ != nullptr) left_->Leave();
}

Outside::~Outside() {
  if (left_ != nullptr) left_->Enter();
}

// No call is made: it could be refused, and nobody is inside for long. But he may be kept from the
// processor, and a thread may have died in there: so it ends, after seconds.
void WaitForOthers() {
  constexpr Word kCycles = Word{1} << 33;
  const Word start = arch::CycleCounter();
  for (const unsigned door : {0u, 1u}) {
    g_door.store(1 - door);
    for (Hall& hall : g_halls) {
      while (hall.inside[door].load() > 0 && arch::CycleCounter() - start < kCycles) {
      }
    }
  }
}

void ForgetOthers() {
  g_forks.fetch_add(1);
  for (Hall& hall : g_halls) {
    for (std::atomic<int>& inside : hall.inside) inside.store(0);
  }
}

}  // namespace abishim::sandbox

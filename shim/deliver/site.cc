#include "shim/deliver/site.h"

#include "shim/deliver/dispatch.h"
#include "shim/deliver/untrapped.h"
#include "shim/memory/host.h"
#include "shim/patch/patch.h"
#include "shim/plan/filter.h"
#include "shim/sandbox/guard.h"
#include "shim/signals/masks.h"
#include "shim/signals/quick.h"
#include "shim/start/agent.h"
#include "vsyscall_page.h"  // arch/ARCH

namespace abishim::deliver {
namespace {

using signals::kFaults, signals::kKeptOut;

// From the first call or copy of a translation on every signal but ours is blocked: a handler that
// came in between and never returned would leave behind descriptors and stacks. And a filter of the
// program's that another thread installs waits until this is over. What a pointer of the program's
// says is only known afterwards, so SIGSEGV is unblocked, too. The program's mask is kept in the
// frame, and comes back when the entry's code leaves it.
class Section : public Before {
 public:
  explicit Section(arch::Ucontext* u)
      : Before(Enter), u_(u), inside_(sandbox::Inside::When::kLater) {}

  void Leave() { inside_.Leave(); }

 private:
  static bool Enter(Before* before) {
    auto* self = static_cast<Section*>(before);
    arch::SetOpen(self->u_, false);
    if (HostCall<"rt_sigprocmask">(signals::kSigSetmask, &kKeptOut, &self->u_->mask, 8) != 0) {
      arch::SetOpen(self->u_, true);
      return false;
    }
    self->inside_.Enter();
    return true;
  }

  arch::Ucontext* u_;
  sandbox::Inside inside_;
};

// A filter that came meanwhile knows nothing of the entry's way out, and is asked by a trap.
long Out(arch::Ucontext* u, long end) {
  constexpr long kByEntry = arch::kCalls | arch::kLeaves;
  if ((end & kByEntry) == 0 || sandbox::g_kept.load(std::memory_order_relaxed) == 0) return end;
  if ((end & arch::kCalls) != 0) return 0;
  HostCall<"rt_sigprocmask">(end >> arch::kHowShift, &u->mask, 0, 8);
  return end & arch::kAnswered;
}

[[gnu::noinline]] long ServeOther(arch::Ucontext* u, Args* args, long nr, unsigned data) {
  if ((data & patch::kUntrapped) != 0) return ServeUntrapped(u);
  return Out(u, signals::QuickFor(nr)(u, args));
}

// Of all that is no answer without a call.
[[gnu::noinline]] long Finish(arch::Ucontext* u, Section* section, const Result& result) {
  if (section->failed) return 0;
  section->Leave();
  const long leaves = section->begun ? arch::Leaves(signals::kSigSetmask) : 0;
  // What the program's own instruction shall do traps first: there it is noted for a filter that
  // comes meanwhile (shim/sandbox).
  if (result.again) return Out(u, leaves);
  arch::SetResult(u, result.value);
  return Out(u, arch::kAnswered | leaves);
}

// What answers without a call goes straight through.
[[gnu::always_inline]] inline long Serve(arch::Ucontext* u, Args* args, long nr) {
  const unsigned data = nr >= 0 && nr < arch::kNumbers ? patch::g_fast[nr] : 0;
  if (data == 0 || sandbox::g_kept.load(std::memory_order_relaxed) != 0) [[unlikely]]
    return 0;
  if ((data & (kTrapControl | patch::kUntrapped)) != 0) [[unlikely]]
    return ServeOther(u, args, nr, data);
  Section section(u);
  const Result result =
      Dispatch(nr, *args, {.before = &section}, {.host_has = (data & kTrapHostHas) != 0});
  if (section.begun || section.failed || result.again) [[unlikely]]
    return Finish(u, &section, result);
  arch::SetResult(u, result.value);
  return arch::kAnswered;
}

[[gnu::noinline]] long Counted(arch::Ucontext* u, Args* args, long nr) {
  const start::Time time(nr);
  const long end = Serve(u, args, nr);
  // (ServeUntrapped counts by itself, what it redirects too.)
  if ((end & arch::kAnswered) != 0 && (patch::g_fast[nr] & patch::kUntrapped) == 0) {
    start::g_stats->CountPatched(nr);
  }
  return end;
}

}  // namespace

// Called by arch/*/site_entry.S, which keeps the arguments in both places.
extern "C" [[gnu::visibility("hidden")]] long abishim_on_site(arch::Ucontext* u, Args* args) {
  const long nr = arch::CallNumber(*u);
  if (start::g_stats != nullptr) [[unlikely]]
    return Counted(u, args, nr);
  return Serve(u, args, nr);
}

bool CanBeFast(long nr, bool control) {
  return control ? signals::QuickFor(nr) != nullptr : MayBePatched(nr);
}

namespace {

constexpr Word kWord = sizeof(Word), kCallBytes = arch::kSyscallBytes + 1,
               kLeaveBytes = arch::kSyscallBytes + arch::kRestorerBytes + 1;

// The frame says so a little too early and too late. Who blocks all by himself blocks faults, too.
bool KeepsOut(Word mask) { return (mask & kKeptOut) == kKeptOut && (mask & kFaults) != kFaults; }

}  // namespace

// By frame pointers, which our own code keeps up to the frame of the entry. Other code may have
// anything in that register, and the program may block SIGSEGV, so the kernel is asked first.
bool InOpenSite(const arch::Ucontext& u) {
  const Word pc = arch::ProgramCounter(u), entry = reinterpret_cast<Word>(&abishim_site_entry);
  if (pc - entry < reinterpret_cast<Word>(abishim_site_end) - entry) return true;
  if (arch::InVsyscallEntry(pc)) return true;
  const Word leave = reinterpret_cast<Word>(abishim_leave);
  if (pc - reinterpret_cast<Word>(abishim_call) < kCallBytes) return true;
  if (pc - leave < kLeaveBytes) return !KeepsOut(u.mask);
  constexpr Word kDeepest = 16 * 1024;
  Word frame = arch::FramePointer(u), last = arch::StackPointer(u);
  for (const Word end = last + kDeepest; frame > last - kWord && frame < end;) {
    Word two[2];  // the caller's frame pointer, and where it goes on
    if (!signals::KernelCanRead(frame) || !signals::KernelCanRead(frame + kWord)) return false;
    __builtin_memcpy(two, reinterpret_cast<const void*>(frame), sizeof(two));
    if (two[1] == reinterpret_cast<Word>(abishim_signal_return)) return false;
    if (two[1] == reinterpret_cast<Word>(&abishim_restorer)) {
      const auto* site = reinterpret_cast<const arch::Ucontext*>(frame + sizeof(two));
      return arch::IsOpen(*site) || !KeepsOut(u.mask);
    }
    last = frame + kWord;
    frame = two[0];
  }
  return false;
}

}  // namespace abishim::deliver

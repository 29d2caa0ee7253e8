#include "shim/deliver/trap.h"

#include "shim/deliver/dispatch.h"
#include "shim/memory/host.h"
#include "shim/patch/patch.h"
#include "shim/plan/filter.h"
#include "shim/sandbox/guard.h"
#include "shim/signals/alternate_stack.h"
#include "shim/signals/controls.h"
#include "shim/signals/masks.h"
#include "shim/signals/thread.h"
#include "shim/start/agent.h"

namespace abishim::deliver {
namespace {

constexpr int kBySeccomp = 1;  // si_code SYS_SECCOMP

void Answer(arch::Ucontext* u, long nr, const Args& args, const Result& result) {
  if (!result.again) return arch::SetResult(u, result.value);
  signals::EnsureAlternateStack(u);
  Args now = args;
  for (int i = 0; i < result.given; ++i) now.word[i] = result.args[i];
  if (!sandbox::MayReexecute(*u, nr, result.value, now)) return arch::SetResult(u, -ENOSYS);
  for (int i = 0; i < result.given; ++i) {
    if (now[i] != args[i]) arch::SetArgument(u, i, now[i]);
  }
  arch::AtSyscallAgain(u, result.value);
}

// A fault in the copy of program memory must reach our handler, whatever the program blocks. The
// frame brings its mask back. False where a filter of the program's refuses that.
bool UnblockFaults(const arch::Ucontext& u) {
  return (u.mask & signals::kFaults) == 0 ||
         HostCall<"rt_sigprocmask">(signals::kSigUnblock, &signals::kFaults, 0, 8) == 0;
}

void Serve(arch::Ucontext* u, long nr, const Args& args, unsigned data, sandbox::Inside* inside) {
  const bool control = (data & kTrapControl) != 0;
  const bool can_copy = UnblockFaults(*u);
  if ((data & kTrapRepair) != 0 || (!control && !can_copy)) {
    arch::SetResult(u, -ENOSYS);
  } else if (control) {
    const sandbox::Outside outside(inside, nr);
    signals::ControlFor(nr)(u, nr, args);
  } else {
    const Flags flags{.host_has = (data & kTrapHostHas) != 0, .flag = (data & kTrapFlag) != 0};
    Answer(u, nr, args, Dispatch(nr, args, {.alternate = &u->stack}, flags));
  }
}

}  // namespace

bool Trap(arch::Siginfo* info, arch::Ucontext* u) {
  const unsigned data = static_cast<unsigned>(info->error);
  if (info->code != kBySeccomp || (data & ~kTrapFlags) != kCookie) return false;

  const long nr = info->syscall.nr;
  const start::Time time(nr);
  sandbox::Inside inside;
  Args args;
  arch::Arguments(*u, args.word);
  const auto decision = sandbox::Decide(info, u, args, (data & kTrapControl) != 0, &inside);
  if (decision == sandbox::Decision::kTheirs) return false;

  signals::NoticeFork(*u);
  start::Count(nr, (data & kTrapRepair) != 0);
  const Word site_end = arch::ProgramCounter(*u);
  if (decision == sandbox::Decision::kGoOn) Serve(u, nr, args, data, &inside);
  signals::EnsureAlternateStack(u);
  patch::Trapped(site_end, nr, args, data);
  return true;
}

}  // namespace abishim::deliver

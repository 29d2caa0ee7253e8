#include "shim/signals/chain.h"

#include "shim/deliver/site.h"
#include "shim/image/image.h"
#include "shim/memory/host.h"
#include "shim/sandbox/guard.h"
#include "shim/signals/actions.h"
#include "shim/signals/masks.h"
#include "shim/signals/resend.h"
#include "shim/signals/thread.h"

namespace abishim::signals {
namespace {

constexpr int kUserDispatch = 2;  // si_code SYS_USER_DISPATCH, 5.11
constexpr Word kDefault = 0, kIgnore = 1;

// Sent by somebody (kill, sigqueue), not by a fault of this thread.
bool Sent(const arch::Siginfo& info) { return info.code <= 0; }

// It came while one of our handlers ran. It waits until the program goes on: blocked in what this
// frame returns to, which is our own handler, whose end restores the program's mask.
void Later(int signal, const arch::Siginfo& info, arch::Ucontext* u) {
  u->mask |= Bit(signal);
  HostCall<"rt_sigprocmask">(kSigBlock, &u->mask, 0, 8);
  Resend(signal, info);
}

// Ends the program as natively: same signal, same address, same core. What the kernel raised, it
// raises again at the same instruction; and where it finds its signal blocked, it kills and asks no
// handler. That takes no call: the program's filters may refuse any.
void Default(int signal, const arch::Siginfo& info, arch::Ucontext* u) {
  if (!Sent(info)) {
    u->mask |= Bit(signal);
    if (signal == kSigsys) arch::AtSyscallAgain(u, info.syscall.nr);
    return;
  }
  SurrenderAction(signal);
  u->mask &= ~Bit(signal);
  if (Resend(signal, info) == 0) return;
  u->mask |= Bit(kSigsegv);  // refused: then by a fault of its own
  arch::SetProgramCounter(u, 0);
}

bool MayBeBlocked(int signal) {
  return (KeptOpen() & Bit(signal)) != 0 && g_was_blocked.load(std::memory_order_relaxed);
}

// In the program's view. (Those that are not kept open are blocked in truth, too.)
bool Blocked(int signal, const arch::Ucontext& u) {
  if (!MayBeBlocked(signal)) return false;
  const Thread* self = SelfIfAny(u);
  return self != nullptr && (self->blocked & Bit(signal)) != 0;
}

bool HeldBack(int signal, const arch::Siginfo& info, const arch::Ucontext& u) {
  if (!MayBeBlocked(signal)) return false;
  Thread* self = SelfIfAny(u);
  if (self == nullptr || (self->blocked & Bit(signal)) == 0) return false;
  if ((self->due & Bit(signal)) != 0) {
    self->due &= ~Bit(signal);
    return false;
  }
  if ((self->pending & Bit(signal)) != 0) return true;  // the first one counts
  self->Pending(signal) = info;
  self->pending |= Bit(signal);
  return true;
}

// The frame as the program's handler shall see it, and the mask under which it runs. (For SIGSEGV
// and SIGBUS the kernel has seen to the latter: their action mirrors the program's.)
void EnterHandler(int signal, const arch::Sigaction& action, arch::Ucontext* u) {
  const Word mask = u->mask;
  const Word itself = (action.flags & kSaNodefer) == 0 ? Bit(signal) : 0;
  const Word blocks = (action.mask | itself) & KeptOpen();
  if (blocks != 0 || g_was_blocked.load(std::memory_order_relaxed)) {
    if (Thread* self = Self(*u)) {
      u->mask |= self->blocked;
      if (blocks != 0) {
        self->blocked |= blocks;
        g_was_blocked.store(true, std::memory_order_relaxed);
      }
      arch::SetMark(u);
    }
  }
  if (signal != kSigsys) return;
  const Word now = (mask | action.mask) & ~KeptOpen();
  HostCall<"rt_sigprocmask">(kSigSetmask, &now, 0, 8);
}

}  // namespace

Word Chain(int signal, arch::Siginfo* info, arch::Ucontext* u, Word* return_slot) {
  const sandbox::Inside inside;
  const arch::Sigaction action = ProgramAction(signal);
  const bool dispatch = signal == kSigsys && info->code == kUserDispatch;
  if (!dispatch) {
    if (image::Contains(arch::ProgramCounter(*u)) && Sent(*info) && !deliver::InOpenSite(*u)) {
      Later(signal, *info, u);
      return 0;
    }
    if (Sent(*info) && HeldBack(signal, *info, *u)) return 0;
    if (!Sent(*info) && Blocked(signal, *u)) {  // the kernel kills then
      Default(signal, *info, u);
      return 0;
    }
    if (action.handler == kIgnore && Sent(*info)) return 0;
    if (action.handler == kDefault || action.handler == kIgnore) {
      Default(signal, *info, u);
      return 0;
    }
    if (action.flags & kSaResethand) ResetProgramAction(signal);
    EnterHandler(signal, action, u);
  }
  // Under Syscall User Dispatch a call of ours, even one through the gate, would come back as the
  // next such signal: the program's handler comes first and unblocks what it wants to.
  if (action.flags & kSaRestorer) *return_slot = action.restorer;
  return action.handler;
}

}  // namespace abishim::signals

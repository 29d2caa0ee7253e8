#include "shim/signals/controls.h"

#include "shim/exec/exec.h"
#include "shim/exec/loader/exe.h"
#include "shim/exec/restrict.h"
#include "shim/memory/host.h"
#include "shim/sandbox/install.h"
#include "shim/signals/actions.h"
#include "shim/signals/alternate_stack.h"
#include "shim/signals/masks.h"
#include "shim/signals/resend.h"
#include "shim/signals/thread.h"
#include "shim/start/release.h"
#include "shim/start/uname.h"

namespace abishim::signals {
namespace {

// Those of KeptOpen() that the program has blocked, in its own view.
Word BlockedOf(const arch::Ucontext& u) {
  if (!g_was_blocked.load(std::memory_order_relaxed)) return 0;
  const Thread* t = SelfIfAny(u);
  return t != nullptr ? t->blocked : 0;
}

// Sends the thread what was held back; it arrives when the program's own mask is restored.
void Deliver(Thread* t, Word signals) {
  t->pending &= ~signals;
  HostCall<"rt_sigprocmask">(kSigBlock, &signals, 0, 8);
  for (const int signal : {kSigsys, kSigsegv}) {
    if ((signals & Bit(signal)) != 0) Resend(signal, t->Pending(signal));
  }
}

// Notes which of KeptOpen() the program has blocked. What came meanwhile is delivered now.
void SetBlocked(const arch::Ucontext& u, Word blocked) {
  if (blocked == 0 && !g_was_blocked.load(std::memory_order_relaxed)) return;
  Thread* t = Self(u);
  if (t == nullptr) return;
  t->blocked = blocked;
  if (blocked != 0) g_was_blocked.store(true, std::memory_order_relaxed);
  const Word due = t->pending & ~blocked;
  if (due != 0) Deliver(t, due);
}

// kernel/signal.c, rt_sigprocmask: the new mask is in force before oldset is written.
long Sigprocmask(arch::Ucontext* u, const Args& args) {
  if (args[3] != 8) return -EINVAL;
  const Word open = KeptOpen();
  const Word old = u->mask | BlockedOf(*u);
  if (args[1] != 0) {
    Word set;
    if (!CopyIn(args[1], &set)) return -EFAULT;
    Word now;
    switch (args.Int(0)) {
      case 0:
        now = old | set;
        break;  // kSigBlock
      case 1:
        now = old & ~set;
        break;  // SIG_UNBLOCK
      case 2:
        now = set;
        break;  // kSigSetmask
      default:
        return -EINVAL;
    }
    now &= ~kNeverBlocked;
    if ((now ^ old) & open) SetBlocked(*u, now & open);
    u->mask = now & ~open;
  }
  if (args[2] != 0 && !CopyOut(args[2], old)) return -EFAULT;
  return 0;
}

void RtSigprocmask(arch::Ucontext* u, long, const Args& args) {
  SetResult(u, Sigprocmask(u, args));
}

void RtSigaction(arch::Ucontext* u, long, const Args& args) {
  SetResult(u, SetAction(args.Int(0), args[1], args[2], args[3]));
}

void Sigaltstack(arch::Ucontext* u, long nr, const Args& args) {
  SetAlternateStack(u, nr, args[0], args[1]);
}

// The frame that the program's handler returns to: if the handler (or whoever edited the frame)
// blocked SIGSYS, that is for its view only. Then the gate's own rt_sigreturn takes the frame.
void RtSigreturn(arch::Ucontext* u, long, const Args&) {
  const Word frame = arch::FrameOfSigreturn(*u);
  const Word mask_at = frame + __builtin_offsetof(arch::Ucontext, mask);
  Word mask, mark = 0;
  CopyIn(frame + arch::kMarkOffset, &mark);
  if (CopyIn(mask_at, &mask)) {
    const Word blocked = mask & KeptOpen();
    mask &= ~blocked;
    // Frames that the kernel made never have the bit, so its absence says nothing about them; those
    // that we passed on to the program's handler had it if the program did.
    if (blocked != 0) CopyOut(mask_at, mask);
    if (blocked != 0 || (mark & arch::kMark) != 0) SetBlocked(*u, blocked);
  }
  // A frame from before this thread had an alternate stack that serves would take it away again.
  EnsureAlternateStack(u);
  const Word stack_at = frame + __builtin_offsetof(arch::Ucontext, stack);
  arch::AltStack stack;
  if (CopyIn(stack_at, &stack) && !ServesAsAlternateStack(stack)) CopyOut(stack_at, u->stack);
  arch::SetProgramCounter(u, reinterpret_cast<Word>(&abishim_restorer));
}

// Calls that carry a mask: made again by the program, with a mask without SIGSYS.
struct Masked {
  int nr, argument;
  bool pair;
};
constexpr Masked kMasked[] = {
    {NumberOf("rt_sigsuspend"), 0, false},  {NumberOf("ppoll"), 3, false},
    {NumberOf("epoll_pwait"), 4, false},    {NumberOf("epoll_pwait2"), 4, false},
    {NumberOf("pselect6"), 5, true},        {NumberOf("io_pgetevents"), 5, true},
    {NumberOf("io_uring_enter"), 4, false},
};

// A program with more than a thousand different masks: made here, the call holds signals back until
// it ends, but it gets the mask that was asked for.
long CallHere(long nr, const Args& args, const Masked& call) {
  Word mask = 0;
  Word pair[2] = {};
  Word given = args[call.argument];
  if (call.pair && CopyIn(given, &pair)) given = pair[0];
  if (!CopyIn(given, &mask)) return -EFAULT;
  mask &= ~KeptOpen();
  pair[0] = reinterpret_cast<Word>(&mask);
  Args a = args;
  a.word[call.argument] = call.pair ? reinterpret_cast<Word>(pair) : pair[0];
  return sandbox::Original(nr, a);
}

// A signal that was held back, and a mask that lets it through: the program's handler runs when
// this trap returns, and the call ends by it.
bool EndsByHeldSignal(const arch::Ucontext& u, Word given, bool pair) {
  if (!g_was_blocked.load(std::memory_order_relaxed)) return false;
  Thread* self = SelfIfAny(u);
  if (self == nullptr || self->pending == 0) return false;
  Word mask;
  if (pair && !CopyIn(given, &given)) return false;
  if (given == 0 || !CopyIn(given, &mask)) return false;
  const Word due = self->pending & ~mask;
  if (due == 0) return false;
  self->due |= due;
  Deliver(self, due);
  return true;
}

void MaskedCall(arch::Ucontext* u, long nr, const Args& args) {
  const Masked* call = kMasked;
  while (call->nr != nr) ++call;
  if (EndsByHeldSignal(*u, args[call->argument], call->pair)) return SetResult(u, -EINTR);
  Word safe = BadMask();  // rt_sigsuspend of null; in the other calls null passes the filter
  const Word given = args[call->argument];
  if (call->pair) {
    safe = SafePair(given);
  } else if (given != 0) {
    SafeMask(given, args[call->argument + 1], &safe);
  }
  if (safe == 0) return SetResult(u, CallHere(nr, args, *call));
  arch::SetArgument(u, call->argument, safe);
  arch::AtSyscallAgain(u, nr);
}

struct Entry {
  int nr;
  Control* control;
};
constexpr Entry kControls[] = {
    {NumberOf("rt_sigprocmask"), RtSigprocmask},
    {NumberOf("rt_sigaction"), RtSigaction},
    {NumberOf("rt_sigreturn"), RtSigreturn},
    {NumberOf("sigaltstack"), Sigaltstack},
    {NumberOf("landlock_restrict_self"), exec::RestrictSelf},
    {NumberOf("readlink"), exec::ReadLink},  // where shim/exec/loader/exe.h says so
    {NumberOf("readlinkat"), exec::ReadLink},
    {NumberOf("uname"), start::Uname},
    {NumberOf("open"), start::OpenRelease},
    {NumberOf("openat"), start::OpenRelease},
    {NumberOf("execve"), exec::Exec},
    {NumberOf("ptrace"), exec::TraceMe},
    {NumberOf("execveat"), exec::Exec},
    {NumberOf("seccomp"), sandbox::Seccomp},
    {NumberOf("prctl"), sandbox::Prctl},
};

}  // namespace

Control* ControlFor(long nr) {
  for (const Entry& entry : kControls) {
    if (entry.nr == nr) return entry.control;
  }
  for (const Masked& call : kMasked) {
    if (call.nr == nr) return MaskedCall;
  }
  return [](arch::Ucontext* u, long, const Args&) { SetResult(u, -ENOSYS); };
}

}  // namespace abishim::signals

#include "shim/signals/controls.h"

#include "shim/exec/exec.h"
#include "shim/exec/loader/exe.h"
#include "shim/exec/restrict.h"
#include "shim/memory/host.h"
#include "shim/sandbox/install.h"
#include "shim/signals/actions.h"
#include "shim/signals/alternate_stack.h"
#include "shim/signals/masks.h"
#include "shim/signals/thread.h"
#include "shim/start/uname.h"

namespace abishim::signals {
namespace {

bool SigsysBlocked(const arch::Ucontext& u) {
  if (!g_sigsys_was_blocked.load(std::memory_order_relaxed)) return false;
  const Thread* t = SelfIfAny(u);
  return t != nullptr && t->sigsys_blocked;
}

// Sends the thread what was held back; it arrives when the program's own mask is restored.
void Deliver(Thread* t) {
  t->sigsys_pending = false;
  const Word only = Bit(kSigsys);
  HostCall<"rt_sigprocmask">(kSigBlock, &only, 0, 8);
  HostCall<"rt_tgsigqueueinfo">(HostCall<"getpid">(), HostCall<"gettid">(), kSigsys, &t->pending);
}

// Notes whether the program has SIGSYS blocked. One that came meanwhile is delivered now.
void SetSigsysBlocked(const arch::Ucontext& u, bool blocked) {
  if (!blocked && !g_sigsys_was_blocked.load(std::memory_order_relaxed)) return;
  Thread* t = Self(u);
  if (t == nullptr) return;
  t->sigsys_blocked = blocked;
  if (blocked) g_sigsys_was_blocked.store(true, std::memory_order_relaxed);
  if (blocked || !t->sigsys_pending) return;
  Deliver(t);
}

// kernel/signal.c, rt_sigprocmask: the new mask is in force before oldset is written.
long Sigprocmask(arch::Ucontext* u, const Args& args) {
  if (args[3] != 8) return -EINVAL;
  const Word old = u->mask | (SigsysBlocked(*u) ? Bit(kSigsys) : 0);
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
    if ((now ^ old) & Bit(kSigsys)) SetSigsysBlocked(*u, now & Bit(kSigsys));
    u->mask = now & ~Bit(kSigsys);
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
    const bool blocked = (mask & Bit(kSigsys)) != 0;
    mask &= ~Bit(kSigsys);
    // Frames that the kernel made never have the bit, so its absence says nothing about them; those
    // that we passed on to the program's handler had it if the program did.
    if (blocked) CopyOut(mask_at, mask);
    if (blocked || (mark & arch::kMark) != 0) SetSigsysBlocked(*u, blocked);
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
  mask &= ~Bit(kSigsys);
  pair[0] = reinterpret_cast<Word>(&mask);
  Args a = args;
  a.word[call.argument] = call.pair ? reinterpret_cast<Word>(pair) : pair[0];
  return sandbox::Original(nr, a);
}

// A SIGSYS that was held back, and a mask that lets it through: the program's handler runs when
// this trap returns, and the call ends by it.
bool EndsByHeldSigsys(const arch::Ucontext& u, Word given, bool pair) {
  if (!g_sigsys_was_blocked.load(std::memory_order_relaxed)) return false;
  Thread* self = SelfIfAny(u);
  if (self == nullptr || !self->sigsys_pending) return false;
  Word mask;
  if (pair && !CopyIn(given, &given)) return false;
  if (given == 0 || !CopyIn(given, &mask) || (mask & Bit(kSigsys)) != 0) return false;
  self->sigsys_due = true;
  Deliver(self);
  return true;
}

void MaskedCall(arch::Ucontext* u, long nr, const Args& args) {
  const Masked* call = kMasked;
  while (call->nr != nr) ++call;
  if (EndsByHeldSigsys(*u, args[call->argument], call->pair)) return SetResult(u, -EINTR);
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

#include "shim/signals/alternate_stack.h"

#include "shim/memory/host.h"
#include "shim/memory/stacks.h"
#include "shim/signals/masks.h"
#include "shim/signals/thread.h"

namespace abishim::signals {
namespace {

using arch::kOnStack;
constexpr int kDisable = arch::kStackDisabled, kAutodisarm = arch::kStackDisarms;
constexpr Word kMinimum = 2048;  // MINSIGSTKSZ

// What the kernel's frame takes; and what our handler, a nested fault and the program's own handler
// want on top.
constinit Word g_frame_bytes;    // 0: unknown
constinit bool g_no_autodisarm;  // a kernel before 4.7, which refuses the flag
constexpr Word kRoom = 8192, kUsualFrame = 4096;

Word FrameBytes() { return g_frame_bytes != 0 ? g_frame_bytes : kUsualFrame; }

bool Disabled(const arch::AltStack& stack) {
  return (stack.flags & kDisable) != 0 || stack.size == 0;
}

// The program's view of its alternate stack, without the flag that says whether it stands on it.
arch::AltStack View(const arch::Ucontext& u, const Thread* self) {
  if (!memory::IsOurs(u.stack.sp)) return u.stack;
  if (self != nullptr && self->replaced) return self->program_stack;
  return {0, kDisable, 0, 0};
}

// kernel: on_sig_stack().
bool StandsOn(const arch::Ucontext& u) {
  const Word sp = arch::StackPointer(u);
  return (u.stack.flags & (kDisable | kAutodisarm)) == 0 && sp > u.stack.sp &&
         sp - u.stack.sp <= u.stack.size;
}

// One of our stacks for this thread, in place of `program`; its address, 0 if there is none.
Word Replace(const arch::Ucontext& u, Thread* self, const arch::AltStack& program) {
  const Word key = KeyOf(*self);
  const int pid = static_cast<int>(key >> 32), tid = static_cast<int>(key);
  if (memory::IsOurs(u.stack.sp)) {
    self->our_stack = u.stack.sp;
  } else if (self->our_stack == 0 || !memory::Reclaim(self->our_stack, pid, tid)) {
    self->our_stack = memory::Acquire(pid, tid);
  }
  if (self->our_stack == 0) return 0;
  self->program_stack = program;
  self->replaced = true;
  return self->our_stack;
}

// Checks and the program's new view; *real becomes what the kernel shall have. 0 or -errno.
long Choose(const arch::Ucontext& u, Thread* self, arch::AltStack wanted, arch::AltStack* real) {
  if (StandsOn(u)) return -EPERM;
  const int mode = wanted.flags & ~(g_no_autodisarm ? 0 : kAutodisarm);
  if (mode != 0 && mode != kOnStack && mode != kDisable) return -EINVAL;
  wanted.flags &= kAutodisarm;
  if (mode == kDisable) {
    wanted = {0, kDisable, 0, 0};
  } else if (wanted.size < kMinimum) {
    return -ENOMEM;
  } else if (ServesAsAlternateStack(wanted)) {
    // Ours stays with the thread, which may well come back to it. Of two threads that take the same
    // memory at a time, one sees the other.
    const arch::AltStack before = self->program_stack;
    const bool replaced = self->replaced;
    self->program_stack = wanted;
    self->replaced = false;
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (!IsShared(*self, wanted) && SafeStack(wanted) != 0) {
      *real = wanted;
      return 0;
    }
    self->program_stack = before;
    self->replaced = replaced;
  }
  const Word ours = Replace(u, self, wanted);
  if (ours == 0) return -ENOMEM;
  *real = {ours, wanted.flags & kAutodisarm, 0, memory::kStackBytes};
  return 0;
}

long Change(arch::Ucontext* u, Word stack_at, Word old_at, arch::AltStack* real) {
  arch::AltStack wanted{};
  if (stack_at != 0 && !CopyIn(stack_at, &wanted)) return -EFAULT;
  Thread* self = Self(*u);
  if (self == nullptr) return -ENOMEM;
  arch::AltStack old = View(*u, self);
  if (old.size == 0) old.flags |= kDisable;
  if ((old.flags & kDisable) == 0 && StandsOn(*u)) old.flags |= kOnStack;
  if (stack_at != 0) {
    if (const long error = Choose(*u, self, wanted, real)) return error;
  }
  if (old_at != 0 && !CopyOut(old_at, old)) return -EFAULT;
  return 0;
}

}  // namespace

void SetAlternateStack(arch::Ucontext* u, long nr, Word stack_at, Word old_at) {
  arch::AltStack real = u->stack;
  const long result = Change(u, stack_at, old_at, &real);
  arch::SetResult(u, result);
  const bool same =
      real.sp == u->stack.sp && real.size == u->stack.size && real.flags == u->stack.flags;
  if (same) return;
  if (Disabled(u->stack)) {  // nobody stands on it, so the frame can bring it
    u->stack = real;
    return;
  }
  const Word safe = SafeStack(real);
  if (safe == 0) return;
  arch::SetArgument(u, 0, safe);
  arch::SetArgument(u, 1, 0);
  arch::AtSyscallAgain(u, nr);
}

bool ServesAsAlternateStack(const arch::AltStack& stack) {
  if (Disabled(stack)) return false;
  return memory::IsOurs(stack.sp) || stack.size >= 2 * FrameBytes() + kRoom;
}

void EnsureAlternateStack(arch::Ucontext* u) {
  if (ServesAsAlternateStack(u->stack)) return;
  // A handler that stands on ours, which SS_AUTODISARM took away meanwhile.
  if (memory::IsOurs(arch::StackPointer(*u))) return;
  Thread* self = Self(*u);
  if (self == nullptr) return;
  // A small one that stood before we came, or none.
  const bool none = Disabled(u->stack);
  const Word ours = Replace(*u, self, none ? arch::AltStack{0, kDisable, 0, 0} : u->stack);
  if (ours != 0) u->stack = {ours, 0, 0, memory::kStackBytes};
}

// Asked for a stack without a size a kernel that knows the flag says ENOMEM; EPERM to who stands on
// another one, and then it is not known.
void StartAlternateStacks(Word frame_bytes, bool may_be_old) {
  g_frame_bytes = frame_bytes;
  const arch::AltStack none{0, kAutodisarm, 0, 0};
  g_no_autodisarm = may_be_old && HostCall<"sigaltstack">(&none, 0) == -EINVAL;
}

}  // namespace abishim::signals

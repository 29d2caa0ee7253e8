#include "shim/signals/alternate_stack.h"

#include "shim/memory/host.h"
#include "shim/memory/stacks.h"
#include "shim/signals/thread.h"

namespace abishim::signals {
namespace {

constexpr int kOnStack = 1, kDisable = 2;                   // SS_ONSTACK, SS_DISABLE
constexpr int kAutodisarm = static_cast<int>(0x80000000u);  // SS_AUTODISARM, 4.7
constexpr Word kMinimum = 2048;                             // MINSIGSTKSZ

// What the kernel's frame takes; and what our handler, a nested fault and the program's own handler
// want on top.
constinit Word g_frame_bytes = 4096;
constexpr Word kRoom = 8192;

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

// Installs one of our stacks (by the frame: rt_sigreturn takes it from there).
bool Replace(arch::Ucontext* u, Thread* self, const arch::AltStack& program) {
  if (!memory::IsOurs(u->stack.sp)) {
    const Word key = self->key.load(std::memory_order_relaxed);
    const int pid = static_cast<int>(key >> 32), tid = static_cast<int>(key);
    if (self->our_stack == 0 || !memory::Reclaim(self->our_stack, pid, tid)) {
      self->our_stack = memory::Acquire(pid, tid);
      if (self->our_stack == 0) return false;
    }
    u->stack.sp = self->our_stack;
  }
  u->stack.flags = program.flags & kAutodisarm;
  u->stack.size = memory::kStackBytes;
  self->program_stack = program;
  self->our_stack = u->stack.sp;
  self->replaced = true;
  return true;
}

long Set(arch::Ucontext* u, Thread* self, const arch::AltStack& wanted) {
  if (StandsOn(*u)) return -EPERM;
  const int mode = wanted.flags & ~kAutodisarm;
  if (mode != 0 && mode != kOnStack && mode != kDisable) return -EINVAL;
  if (mode == kDisable) return Replace(u, self, {0, kDisable, 0, 0}) ? 0 : -ENOMEM;
  const Word least = kMinimum;
  if (wanted.size < least) return -ENOMEM;
  arch::AltStack program = wanted;
  program.flags = wanted.flags & kAutodisarm;
  if (!ServesAsAlternateStack(program)) return Replace(u, self, program) ? 0 : -ENOMEM;
  // Ours stays with the thread, which may well come back to it.
  self->replaced = false;
  u->stack = program;
  return 0;
}

}  // namespace

long SetAlternateStack(arch::Ucontext* u, Word stack_at, Word old_at) {
  arch::AltStack wanted{};
  if (stack_at != 0 && !CopyIn(stack_at, &wanted)) return -EFAULT;
  Thread* self = Self(*u);
  if (self == nullptr) return -ENOMEM;
  arch::AltStack old = View(*u, self);
  if (old.size == 0) old.flags |= kDisable;
  if ((old.flags & kDisable) == 0 && StandsOn(*u)) old.flags |= kOnStack;
  if (stack_at != 0) {
    if (const long error = Set(u, self, wanted)) return error;
  }
  if (old_at != 0 && !CopyOut(old_at, old)) return -EFAULT;
  return 0;
}

bool ServesAsAlternateStack(const arch::AltStack& stack) {
  if (Disabled(stack)) return false;
  return memory::IsOurs(stack.sp) || stack.size >= 2 * g_frame_bytes + kRoom;
}

void EnsureAlternateStack(arch::Ucontext* u) {
  if (ServesAsAlternateStack(u->stack)) return;
  Thread* self = Self(*u);
  if (self == nullptr) return;
  // A small one that stood before we came, or none.
  Replace(u, self, Disabled(u->stack) ? arch::AltStack{0, kDisable, 0, 0} : u->stack);
}

void StartAlternateStacks(Word frame_bytes) {
  if (frame_bytes != 0) g_frame_bytes = frame_bytes;
}

}  // namespace abishim::signals

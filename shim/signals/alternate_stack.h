// sigaltstack(2) as the program sees it, and the stack that our handler really needs.
//
// A trap pushes a frame of some 3.6 KiB (AVX-512); a program's own alternate stack may be smaller,
// or the thread may have none and run on a stack of a few KiB. So a small one is kept for the
// program's view only and replaced by one of ours, and a thread without one gets ours at its first
// trap.
#pragma once

#include "registers.h"
#include "tables/result.h"

namespace abishim::signals {

// sigaltstack(2) in the frame `u`: either sets the result there, or leaves the frame at the
// program's `syscall` again, with a stack_t of ours. (A frame's uc_stack cannot do it: from
// Linux 5.x on a handler that stands on the alternate stack cannot change it by rt_sigreturn.)
void SetAlternateStack(arch::Ucontext* u, long nr, Word stack, Word old);

// After a trap: makes sure that the next one finds room.
void EnsureAlternateStack(arch::Ucontext* u);

// Is there room on it for a trap? True of ours.
bool ServesAsAlternateStack(const arch::AltStack& stack);

// AT_MINSIGSTKSZ of this machine, 0 if unknown. `may_be_old`: the kernel may be one before 4.7; no
// others are asked, as a filter of the program's may not allow it.
void StartAlternateStacks(Word frame_bytes, bool may_be_old);

}  // namespace abishim::signals

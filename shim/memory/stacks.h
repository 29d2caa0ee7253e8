// Stacks of our own: alternate signal stacks for threads without a usable one, and room for
// translations that need more than a few hundred bytes.
#pragma once

#include "registers.h"  // arch/ARCH
#include "tables/result.h"

namespace abishim::memory {

// The upper half serves signals, the lower one a translation that needs room.
inline constexpr Word kHalf = 64 * 1024, kStackBytes = 2 * kHalf;
inline constexpr int kStacks = 512;

// The lowest address of a stack of kStackBytes, owned by thread `tid` of process `pid`; 0 when
// there is none to be had. Lock-free. When all are in use, one whose owner is gone is taken over.
Word Acquire(int pid, int tid);
void Release(Word stack);
// One for the length of a call, owned by no thread that could be found gone: a child of another
// thread's fork gets it back by AfterFork, and a thread that is killed meanwhile loses it.
Word AcquireSpare();
// Is this stack still the thread's, as it was before? Another thread of the same number may have
// come and gone, and a third have taken it over.
bool Reclaim(Word stack, int pid, int tid);

// Is this address in one of our stacks?
bool IsOurs(Word address);
// Whose that one is: pid << 32 | tid.
Word OwnerOf(Word address);

// In a fork child nobody owns a stack but the calling thread.
void AfterFork(Word keep, int pid, int tid);

// Runs function(argument) where there is room: nearly kHalf. To be called in a signal handler;
// `alternate` is the thread's alternate stack. A signal that comes meanwhile must find its place
// below what runs here, or it would overwrite the frame of the handler: so the room is a part of
// the alternate stack, or becomes it for the time. False: no room to be had.
bool RunWithRoom(const arch::AltStack& alternate, void (*function)(void*), void* argument);

// The same anywhere else, with signals blocked. (SIGSEGV and SIGBUS find the thread's own place.)
bool RunOnSpare(void (*function)(void*), void* argument);

}  // namespace abishim::memory

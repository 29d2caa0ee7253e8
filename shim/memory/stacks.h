// Stacks of our own: alternate signal stacks for threads without a usable one, and room for
// translations that need more than a few hundred bytes.
#pragma once

#include "tables/result.h"

namespace abishim::memory {

inline constexpr Word kStackBytes = 64 * 1024;
inline constexpr int kStacks = 512;

// The lowest address of a stack of kStackBytes, owned by thread `tid` of process `pid`; 0 when
// there is none to be had. Lock-free. When all are in use, one whose owner is gone is taken over.
Word Acquire(int pid, int tid);
void Release(Word stack);
// Is this stack still the thread's, as it was before? Another thread of the same number may have
// come and gone, and a third have taken it over.
bool Reclaim(Word stack, int pid, int tid);

// Is this address in one of our stacks?
bool IsOurs(Word address);

// In a fork child nobody owns a stack but the calling thread.
void AfterFork(Word keep, int pid, int tid);

// Runs function(argument) on `stack`, comes back when it returns.
void RunOn(Word stack, void (*function)(void*), void* argument);

}  // namespace abishim::memory

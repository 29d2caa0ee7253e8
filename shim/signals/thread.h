// What abishim keeps per thread, and who owns the memory it stands in.
//
// Keyed by process and thread id in a fixed table of the image. Most traps need none of it: it
// holds only what cannot be read off the signal frame.
#pragma once

#include <atomic>

#include "registers.h"

namespace abishim::signals {

struct Thread {
  arch::AltStack program_stack;  // what the program asked for
  unsigned long our_stack;       // the replacement; 0: the program's own serves
  bool replaced;                 // ours serves in its place
  bool to_be_traced;             // a vfork child that said PTRACE_TRACEME: true at its exec
  // Of the signals that are never blocked in truth (KeptOpen), as masks:
  unsigned long blocked;          // by the program, in its own view
  unsigned long pending;          // one came meanwhile
  unsigned long due;              // the next one goes through all the same
  arch::Siginfo sigsys, sigsegv;  // those that are pending

  arch::Siginfo& Pending(int signal) { return signal == 31 ? sigsys : sigsegv; }
};

// Whose it is: pid << 32 | tid.
unsigned long KeyOf(const Thread& thread);

// The calling thread's, made if there is none yet; null when the table is full. `u` is the frame of
// its trap: a child finds what it inherits by the alternate stack that fork and vfork leave it.
Thread* Self(const arch::Ucontext& u);
// The same, but null when nothing is kept for this thread.
Thread* SelfIfAny(const arch::Ucontext& u);

// Does another thread stand on this memory as its alternate stack, as far as is known? Natively
// that is harmless until both have a signal at a time; but every trap is one.
bool IsShared(const Thread& self, const arch::AltStack& stack);

// To be called at every trap, first: notices that this is a fork child, whose other threads are
// gone. One load where it is not; before Linux 4.14 one call.
void NoticeFork(const arch::Ucontext& u);

// True in a CLONE_VM child (vfork, posix_spawn): the memory is its parent's, the signal table its
// own.
bool MemoryIsBorrowed();
// False in such a child, and where it cannot be told.
bool MemoryIsSurelyOurs();

// Has any thread ever had such a signal blocked in its own view? Until then masks need no look-up.
extern std::atomic<bool> g_was_blocked;

// May one be blocked in this thread's own view, or wait to be delivered? True where it cannot be
// told without a frame.
bool AnyMayBeBlocked();

// Called once at start; `blocked`: those that were when the program began, and perhaps a SIGSYS
// that is `pending`.
void StartThreads(unsigned long blocked, const arch::Siginfo* pending);
// Known then: is this a kernel before 4.14?
bool IsBefore4_14();

}  // namespace abishim::signals

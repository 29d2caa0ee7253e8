// Which call a thread was turned back to make by its own `syscall` instruction.
//
// Between the question and that instruction a filter can come from another thread; or the call
// sleeps, a filter comes, and SIGCONT makes it begin again. What such a filter refuses comes to us
// (prefix.h), and here is remembered that the program never made that call. One that it made itself
// is taken for it, once, if it is the first since then, and the same in all arguments, place and
// depth.
#pragma once

#include "registers.h"  // arch/ARCH
#include "tables/result.h"

namespace abishim::sandbox {

// Of the thread in whose frame we are, which has an alternate stack.
void NoteTurned(const arch::Ucontext& u, long nr, const Args& args);
// Is this the noted call? Whatever is called from the same depth ends the note.
bool TakeTurned(const arch::Ucontext& u, long nr, const Args& args);
// The thread installs a filter of its own: whatever it was turned back to is over.
void ForgetTurned(const arch::Ucontext& u);

}  // namespace abishim::sandbox

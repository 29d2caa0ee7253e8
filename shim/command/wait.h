// A launcher that has to stay behind its program, and must not be noticed.
#pragma once

#include <sys/types.h>

namespace abishim::command {

// Blocks what the launcher passes on, so that nothing is lost between fork and wait. In the child
// undo it by LetSignals.
void HoldSignals();
void LetSignals();

// Waits for the child and passes signals on to it; its wait status. A signal of the terminal
// (Ctrl-C) has reached the program by itself and is not sent twice.
int WaitFor(pid_t child);

// The next signal: something of a child to be waited for, or one to be passed on, which it is.
void PassSignalOn(pid_t child);

// Ends as the child did: with its exit status, or by the signal that killed it (without a core:
// the program has left its own).
[[noreturn]] void EndAs(int status);

}  // namespace abishim::command

// Signal actions: the program's own view of them, and what really stands in the kernel.
#pragma once

#include "registers.h"
#include "tables/result.h"

namespace abishim::signals {

// The signals whose handler is ours while calls are trapped.
constexpr bool IsOurSignal(int signal) { return signal == 31 || signal == 11 || signal == 7; }

// The action that the program believes to stand for one of our signals.
arch::Sigaction ProgramAction(int signal);

// Those of our signals that the program ignores: our handler stands for them in the kernel, and an
// exec makes that the default.
Word IgnoredOfOurs();
// Ignores these in the kernel.
void Ignore(Word signals);

// Puts our handlers in place; what was there becomes the program's view.
void StartActions();
// Puts back what was there.
void StopActions();

// Does the program see one of KeptOpen() in the mask of this other signal's action, where in truth
// it is not?
bool MaskShowsKeptOpen(int signal);

// rt_sigaction(2) as the program sees it: 0 or -errno.
long SetAction(int signal, Word act, Word oldact, Word size);

// The action of one of our signals is the default in the kernel from now on: the next such fault
// ends the program as it would have without us.
void SurrenderAction(int signal);
// The program's handler was set with SA_RESETHAND and is about to run.
void ResetProgramAction(int signal);

}  // namespace abishim::signals

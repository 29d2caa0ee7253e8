// SIGSYS: a call that the filter trapped.
#pragma once

#include "registers.h"

namespace abishim::deliver {

// Answers the call in the frame; true when the trap was ours. A trap of the program's own may find
// its data in `info`.
bool Trap(arch::Siginfo* info, arch::Ucontext* u);

}  // namespace abishim::deliver

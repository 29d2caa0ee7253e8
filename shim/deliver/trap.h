// SIGSYS: a call that the filter trapped.
#pragma once

#include "registers.h"

namespace abishim::deliver {

// Answers the call in the frame; true when the trap was ours.
bool Trap(const arch::Siginfo& info, arch::Ucontext* u);

}  // namespace abishim::deliver

// The calls that need the whole signal frame: what a thread may do to masks, actions and stacks.
//
// A control gets the frame of the trap and leaves in it what the program shall find.
#pragma once

#include "registers.h"
#include "tables/result.h"

namespace abishim::signals {

using Control = void(arch::Ucontext*, long nr, const Args&);

// The control for a call; one that answers ENOSYS if it is none.
Control* ControlFor(long nr);

}  // namespace abishim::signals

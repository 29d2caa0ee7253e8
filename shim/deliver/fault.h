// SIGSEGV and SIGBUS: a fault in the copy of program memory, or the program's own.
#pragma once

#include "registers.h"

namespace abishim::deliver {

// A bad pointer of the program met the copy: it goes on behind the access. True if that was it.
bool FaultInCopy(arch::Ucontext* u);

}  // namespace abishim::deliver

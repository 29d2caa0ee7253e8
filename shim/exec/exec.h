// execve and execveat: the control.
#pragma once

#include "registers.h"  // arch/ARCH
#include "tables/result.h"

namespace abishim::exec {

// In the frame of the trap: the error, if the program is still there afterwards.
void Exec(arch::Ucontext* u, long nr, const Args& args);

}  // namespace abishim::exec

// execve and execveat: the control.
#pragma once

#include "registers.h"  // arch/ARCH
#include "tables/result.h"

namespace abishim::exec {

// ptrace(PTRACE_TRACEME). In a vfork child it waits for the exec: the next trap would stop the
// child for a tracer that waits, in vfork, for it to execute something (gdb).
void TraceMe(arch::Ucontext* u, long nr, const Args& args);

// In the frame of the trap: the error, if the program is still there afterwards.
void Exec(arch::Ucontext* u, long nr, const Args& args);

}  // namespace abishim::exec

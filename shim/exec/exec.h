// execve and execveat: the control.
#pragma once

#include "registers.h"  // arch/ARCH
#include "shim/start/settings.h"
#include "tables/result.h"

namespace abishim::exec {

// ptrace(PTRACE_TRACEME). In a vfork child it waits for the exec: the next trap would stop the
// child for a tracer that waits, in vfork, for it to execute something (gdb).
void TraceMe(arch::Ucontext* u, long nr, const Args& args);

// Do programs go by the loader in this process tree, as `way` would have it and as far as a filter
// tells?
bool IsByLoader(start::ExecWay way);

// In the frame of the trap: the error, if the program is still there afterwards.
void Exec(arch::Ucontext* u, long nr, const Args& args);

}  // namespace abishim::exec

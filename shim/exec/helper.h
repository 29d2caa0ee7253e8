// The process that holds the caller while it becomes another program.
#pragma once

#include "shim/exec/job.h"

namespace abishim::exec {

// ptrace(2) as the kernel has it, by the helper.
long Ptrace(long request, long pid, Word address, Word data);

// Lets the task go on after a stop that is not the one awaited, as it would have without a tracer:
// a signal is delivered, a stopped task stays stopped until SIGCONT.
void PassOn(long pid, int status);

// The next stop of the task (*pid: an exec by another thread than the leader changes it), or -1
// when it is gone.
int NextStop(long* pid);

}  // namespace abishim::exec

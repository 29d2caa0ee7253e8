// --flags: a tracer that takes out of each call the flags that the pretended kernel ignored.
#pragma once

#include <sys/types.h>

#include "shim/command/older_kernel.h"

namespace abishim::command {

// Takes hold of a child that waits for it; what it installs and executes afterwards is seen to.
void TakeHold(pid_t child);

// Waits for the child as WaitFor does (wait.h), and meanwhile sees to it and to all that it has
// started: a call that the outer filter hands over goes on without the flags that `kernel` ignored.
// What outlives the child is let go; such calls of it are then ENOSYS.
int WaitAndTrace(pid_t child, const OlderKernel& kernel);

}  // namespace abishim::command

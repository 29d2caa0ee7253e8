// --flags: a tracer that takes out of each call the flags that the pretended kernel ignored.
#pragma once

#include <sys/types.h>

#include "tables/row.h"

namespace abishim::command {

// Takes hold of a child that waits for it; what it installs and executes afterwards is seen to.
void TakeHold(pid_t child);

// Waits for the child as WaitFor does (wait.h), and meanwhile sees to it and to all that it has
// started: a call that the outer filter hands over goes on without the flags that are newer than
// `kernel` and were ignored. What outlives the child is let go; such calls of it are then ENOSYS.
int WaitAndTrace(pid_t child, Version kernel);

}  // namespace abishim::command

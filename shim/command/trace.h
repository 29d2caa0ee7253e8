// A tracer for what no filter can pretend.
#pragma once

#include <sys/types.h>

namespace abishim::command {

// Takes hold of a child that waits for it; what it installs and executes afterwards is seen to.
void TakeHold(pid_t child);

// Waits for the child as WaitFor does (wait.h), and meanwhile sees to it and to all that it has
// started: calls of the vsyscall page become faults (no_vsyscall.h). What outlives the child is let
// go; such calls of it are then ENOSYS.
int WaitAndTrace(pid_t child);

}  // namespace abishim::command

// A tracer for what no filter can pretend: --flags, --no-vsyscall.
#pragma once

#include <sys/types.h>

#include <optional>

#include "shim/command/older_kernel.h"

namespace abishim::command {

// Takes hold of a child that waits for it; what it installs and executes afterwards is seen to.
void TakeHold(pid_t child);

// Waits for the child as WaitFor does (wait.h), and meanwhile sees to it and to all that it has
// started: a call that an outer filter hands over goes on without the flags that `kernel` ignored;
// one of the vsyscall page becomes a fault (no_vsyscall.h). What outlives the child is let go; such
// calls of it are then ENOSYS.
int WaitAndTrace(pid_t child, const std::optional<OlderKernel>& kernel);

}  // namespace abishim::command

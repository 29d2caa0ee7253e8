// abishim run: starts a program under the shim, on a host that may pretend to be another.
#pragma once

#include <string>
#include <vector>

namespace abishim::command {

struct RunOptions {
  std::string pretend_kernel, profile, policy, log;  // empty: not given
  std::string exec, mode, release, nofile;
  std::vector<std::string> without;  // calls that the host shall not have
  bool older = false, no_vsyscall = false;
  bool stats = false, flags = false;
  std::vector<std::string> program;  // and its arguments
};

// Comes back only with --stats, --flags and --no-vsyscall (the exit status) or by a Failure: else
// it becomes the program.
int Run(const RunOptions& options);

}  // namespace abishim::command

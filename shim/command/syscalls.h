// abishim syscalls: the table, for people and for programs.
#pragma once

#include <string>

namespace abishim::command {

struct SyscallsOptions {
  std::string since, arch;  // empty: not given
  bool json = false;
};

int ListSyscalls(const SyscallsOptions& options);

}  // namespace abishim::command

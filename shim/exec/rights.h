// What an exec could gain by the file that it executes.
#pragma once

#include <linux/prctl.h>

#include "abi.h"  // arch/ARCH
#include "shim/memory/host.h"

namespace abishim::exec {

// Under NO_NEW_PRIVS no file gives anything.
inline bool NothingIsGained() { return HostCall<"prctl">(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1; }

// By set-id bits. (File capabilities are an attribute of their own.) To root, root's give nothing:
// mount and su in a container.
inline bool GivesIds(const arch::KernelStat& file) {
  // linux/stat.h hides its own from all who include a libc's header. The second is S_ISGID |
  // S_IXGRP.
  constexpr unsigned kSetUser = 04000, kSetGroup = 02010;
  unsigned is[3];
  const auto differs = [&is](unsigned id) { return is[0] != id || is[1] != id || is[2] != id; };
  if ((file.mode & kSetUser) != 0 &&
      (HostCall<"getresuid">(&is[0], &is[1], &is[2]) != 0 || differs(file.uid))) {
    return true;
  }
  return (file.mode & kSetGroup) == kSetGroup &&
         (HostCall<"getresgid">(&is[0], &is[1], &is[2]) != 0 || differs(file.gid));
}

}  // namespace abishim::exec

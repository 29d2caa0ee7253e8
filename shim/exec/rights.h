// What an exec could gain by the file that it executes.
#pragma once

#include <linux/prctl.h>

#include "abi.h"  // arch/ARCH
#include "shim/memory/host.h"

namespace abishim::exec {

// Under NO_NEW_PRIVS no file gives anything.
inline bool NothingIsGained() { return HostCall<"prctl">(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1; }

// Set-id bits. (File capabilities are an attribute of their own.)
inline bool HasSetId(const arch::KernelStat& file) {
  // linux/stat.h hides its own from all who include a libc's header. The second is S_ISGID |
  // S_IXGRP.
  constexpr unsigned kSetUser = 04000, kSetGroup = 02010;
  return (file.mode & kSetUser) != 0 || (file.mode & kSetGroup) == kSetGroup;
}

}  // namespace abishim::exec

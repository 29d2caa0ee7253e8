// A file that is read before our handlers are in place.
#pragma once

#include <linux/fcntl.h>

#include "shim/memory/host.h"
#include "shim/plan/filter.h"

namespace abishim::memory {

// Where the tree's filter has `--uname` in it, opening to read is trapped, but for this.
inline constexpr Word kOpensToRead = kOpensAnother | O_RDONLY | O_CLOEXEC;
inline long OpenToRead(const char* path) {
  return HostCall<"openat">(AT_FDCWD, path, kOpensToRead);
}

}  // namespace abishim::memory

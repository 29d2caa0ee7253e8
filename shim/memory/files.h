// A thread or process of ours with files of its own: what it opens is not seen in the program's
// table.
#pragma once

#include "shim/memory/host.h"

namespace abishim::memory {

inline constexpr unsigned kUnshareFiles = 2;  // CLOSE_RANGE_UNSHARE, Linux 5.9

// Without close_range (5.9) nobody but clone makes an own file table, and then a copy of ours.
inline bool HasCloseRange() { return HostCall<"close_range">(1, 0, 0) == -EINVAL; }

}  // namespace abishim::memory

// Is this the user space of another time, which makes calls that every kernel of today lacks?
#pragma once

#include "shim/start/environment.h"

namespace abishim::start {

// As the user said it; else by a look at the C library in this process: older than glibc 2.15,
// which was the first to leave the vsyscall page alone. A few hundred loads.
bool IsOlder(const Environment& environment);

}  // namespace abishim::start

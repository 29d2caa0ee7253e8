// Kernel versions as people write them.
#pragma once

#include <string>
#include <string_view>

#include "tables/row.h"

namespace abishim::command {

// "X.Y" or "X.Y.Z"; anything else is a Failure that names `what` ("--pretend-kernel").
Version ParseVersion(std::string_view text, std::string_view what);

// "5.11", "2.6.28"; "always" and "never" for the table's two special values.
std::string ToText(Version version);

// What uname says. Versions lie (vendors backport), so nothing but a profile's own condition on
// the kernel version, which engines evaluate in the same way, is decided by it.
Version RunningKernel();

}  // namespace abishim::command

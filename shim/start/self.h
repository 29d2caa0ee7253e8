// The library's own file.
#pragma once

#include "shim/start/environment.h"

namespace abishim::start {

struct Self {
  char path[4096];  // empty if it cannot be told
};

// As ld.so says, which costs no call; else as /proc/self/maps does. Who opens it looks whether it
// is still the same file (image::IsSelf).
void FindSelf(const Environment& environment, Self* self);

}  // namespace abishim::start

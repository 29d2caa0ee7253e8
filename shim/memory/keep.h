// Bytes of our own that a re-executed call can pass: see Host::keep in tables/kernel.h.
#pragma once

#include "tables/result.h"

namespace abishim::memory {

Word Keep(const void* bytes, Word size);

}  // namespace abishim::memory

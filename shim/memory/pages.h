// Pages of memory, whatever is in them.
#pragma once

#include "tables/result.h"

namespace abishim::memory {

inline constexpr Word kPage = 4096;
constexpr Word PageOf(Word at) { return at & ~(kPage - 1); }
constexpr Word PageUp(Word at) { return PageOf(at + kPage - 1); }

}  // namespace abishim::memory

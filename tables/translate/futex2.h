// What futex_wake, futex_wait and futex_requeue, Linux 6.7, share. They say by a flag how large a
// futex is, and only one size has been built so far: that of futex(2).
#pragma once

#include <linux/futex.h>

#include "tables/kernel.h"

namespace abishim::translate {

inline constexpr unsigned kFutexSize32 = 2, kFutexPrivate = 128;  // FUTEX2_*
static_assert(kFutexPrivate == FUTEX_PRIVATE_FLAG);

// Other sizes, FUTEX2_NUMA and FUTEX2_MPOL (Linux 6.16): EINVAL, as from the first of these
// kernels.
constexpr bool AreFutexFlags(unsigned flags) { return (flags & ~kFutexPrivate) == kFutexSize32; }
constexpr bool FitsFutex(Word value) { return value <= 0xffffffff; }

}  // namespace abishim::translate

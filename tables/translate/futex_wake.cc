// futex_wake(2), Linux 6.7, by futex(2)'s FUTEX_WAKE_BITSET, Linux 2.6.25.
#include "tables/translate/futex2.h"

namespace abishim::translate {

Result futex_wake(Kernel& kernel, const Args& args) {
  const Word mask = args[1];
  const int count = args.Int(2);
  const unsigned flags = args.Uint(3);
  if (!AreFutexFlags(flags) || !FitsFutex(mask)) return -EINVAL;
  const unsigned shared_or_not = flags & kFutexPrivate;
  if (count == 0) {
    // FUTEX_WAKE_BITSET would wake one. Moving none and waking none looks at the address alone.
    if (mask == 0) return -EINVAL;
    return kernel.Call<"futex">(args[0], FUTEX_REQUEUE | shared_or_not, 0, 0, args[0], 0);
  }
  return kernel.Call<"futex">(args[0], FUTEX_WAKE_BITSET | shared_or_not, count, 0, 0, mask);
}

}  // namespace abishim::translate

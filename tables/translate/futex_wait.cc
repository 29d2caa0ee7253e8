// futex_wait(2), Linux 6.7, by futex(2)'s FUTEX_WAIT_BITSET, Linux 2.6.25.
#include "tables/translate/futex2.h"

namespace abishim::translate {

// With a timeout FUTEX_WAIT_BITSET ends by every signal handler, futex_wait not by those with
// SA_RESTART.
Result futex_wait(Kernel& kernel, const Args& args) {
  constexpr int kRealtime = 0, kMonotonic = 1;  // CLOCK_*
  const unsigned flags = args.Uint(3);
  const int clock = args.Int(5);
  if (!AreFutexFlags(flags) || !FitsFutex(args[1]) || !FitsFutex(args[2])) return -EINVAL;
  if (args[4] != 0 && clock != kMonotonic && clock != kRealtime) return -EINVAL;
  unsigned operation = FUTEX_WAIT_BITSET | (flags & kFutexPrivate);
  if (args[4] != 0 && clock == kRealtime) operation |= FUTEX_CLOCK_REALTIME;
  return kernel.Reexecute<"futex">(args[0], operation, args[1], args[4], 0, args[2]);
}

}  // namespace abishim::translate

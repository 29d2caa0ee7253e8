// clock_adjtime(2), Linux 2.6.39, by adjtimex(2), as old as Linux.
#include "tables/kernel.h"

namespace abishim::translate {

Result clock_adjtime(Kernel& kernel, const Args& args) {
  constexpr int kRealtime = 0, kTai = 11;   // CLOCK_*: linux/time.h does not go with C++'s headers
  constexpr int kClockOfFd = 3, kKind = 7;  // the lowest bits of a negative id
  constexpr int kSgiCycle = 10;             // a number that was given up
  const int clock = args.Int(0);
  if (clock == kRealtime) return kernel.Call<"adjtimex">(args[1]);
  char unused[208];  // struct timex, read before anybody looks whether there is such a clock
  if (!kernel.CopyIn(args[1], &unused)) return -EFAULT;
  // Clocks of devices (PTP) came with this call: a host without it has none.
  if (clock < 0) return (clock & kKind) == kClockOfFd ? -EINVAL : -EOPNOTSUPP;
  return clock <= kTai && clock != kSgiCycle ? -EOPNOTSUPP : -EINVAL;
}

}  // namespace abishim::translate

// epoll_pwait2(2), Linux 5.11, by epoll_pwait(2), Linux 2.6.19.
#include <linux/time_types.h>

#include "tables/kernel.h"

namespace abishim::translate {

Result epoll_pwait2(Kernel& kernel, const Args& args) {
  constexpr int kForever = -1, kLongest = 0x7fffffff;
  int timeout_ms = kForever;
  if (args[3] != 0) {
    __kernel_timespec timeout;
    if (!kernel.CopyIn(args[3], &timeout)) return -EFAULT;
    if (timeout.tv_sec < 0 || static_cast<unsigned long>(timeout.tv_nsec) > 999'999'999) {
      return -EINVAL;
    }
    // Up, not down: a wait may end late, never early (until the cap, 24 days).
    timeout_ms =
        timeout.tv_sec >= kLongest / 1000
            ? kLongest
            : static_cast<int>(timeout.tv_sec * 1000 + (timeout.tv_nsec + 999'999) / 1'000'000);
  }
  Word mask;
  if (const long error = kernel.SafeMask(args[4], args[5], &mask)) return error;
  return kernel.Reexecute<"epoll_pwait">(args[0], args[1], args[2], timeout_ms, mask, args[5]);
}

}  // namespace abishim::translate

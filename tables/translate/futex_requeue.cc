// futex_requeue(2), Linux 6.7, by futex(2)'s FUTEX_CMP_REQUEUE, Linux 2.6.7.
#include "tables/translate/futex2.h"

namespace abishim::translate {
namespace {

struct Futex {  // struct futex_waitv
  unsigned long value, address;
  unsigned flags, reserved;
};
static_assert(sizeof(Futex) == 24);

}  // namespace

Result futex_requeue(Kernel& kernel, const Args& args) {
  if (args.Uint(1) != 0 || args[0] == 0) return -EINVAL;
  Futex of[2];
  for (int i = 0; i < 2; ++i) {
    if (!kernel.CopyIn(args[0] + i * sizeof(Futex), &of[i])) return -EFAULT;
    if (of[i].reserved != 0) return -EINVAL;
    if (!AreFutexFlags(of[i].flags) || !FitsFutex(of[i].value)) return -EINVAL;
  }
  if (of[0].flags != of[1].flags) return -EINVAL;
  if (args.Int(2) < 0 || args.Int(3) < 0) return -EINVAL;  // the older call, only since 4.15
  return kernel.Call<"futex">(of[0].address, FUTEX_CMP_REQUEUE | (of[0].flags & kFutexPrivate),
                              args.Int(2), args.Int(3), of[1].address, of[0].value);
}

}  // namespace abishim::translate

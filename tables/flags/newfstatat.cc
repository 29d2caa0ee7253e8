// newfstatat(2) with AT_EMPTY_PATH, Linux 2.6.39, by fstat(2), and with AT_NO_AUTOMOUNT, 2.6.38,
// without. glibc from 2.33 on begins with the former.
#include <linux/fcntl.h>

#include "tables/kernel.h"

namespace abishim::flags {

// Beside an empty path the kernel takes any flag (6.18).
Result newfstatat(Kernel& kernel, const Args& args) {
  constexpr int kSync = AT_STATX_FORCE_SYNC | AT_STATX_DONT_SYNC;  // of statx, and harmless here
  const int fd = args.Int(0), flags = args.Int(3);
  char first = '\0';
  const bool bad = args[1] != 0 && !kernel.CopyIn(args[1], &first);
  const bool empty = (flags & AT_EMPTY_PATH) != 0 && first == '\0' && !bad;
  if (empty && fd >= 0) return kernel.Call<"fstat">(fd, args[2]);  // as old a kernel has no O_PATH
  if ((flags & ~(AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_SYMLINK_NOFOLLOW | kSync)) != 0) {
    return -EINVAL;
  }
  if (empty && fd == AT_FDCWD) return kernel.Call<"newfstatat">(fd, ".", args[2], 0);
  if (empty) return -EBADF;
  return kernel.Call<"newfstatat">(fd, args[1], args[2], flags & AT_SYMLINK_NOFOLLOW);
}

}  // namespace abishim::flags

// fcntl(2) with F_OFD_SETLK and F_OFD_SETLKW, Linux 3.15, for whole files: by flock(2), which
// belongs to the open file, and a POSIX lock, which those of others see. systemd locks /etc/passwd
// so.
#include <linux/fcntl.h>
#include <linux/poll.h>
#include <linux/time_types.h>

#include "tables/kernel.h"

namespace abishim::flags {
namespace {

constexpr int kWait = 38;                             // F_OFD_SETLKW
constexpr int kShared = 1, kExclusive = 2, kNot = 8;  // LOCK_* of flock
constexpr int kDoNotWait = 4;

bool IsOpenFor(int type, long status) {
  const long access = status & O_ACCMODE;
  if ((status & O_PATH) != 0) return false;
  return access != (type == F_RDLCK ? O_WRONLY : O_RDONLY);
}

// A conflict leaves what this open file had of a POSIX lock, and takes what it had of the other.
long Lock(const Kernel& kernel, int fd, const struct flock& lock) {
  const int operation = lock.l_type == F_RDLCK ? kShared : kExclusive;
  long error = kernel.Call<"flock">(fd, operation | kDoNotWait);
  if (IsError(error)) return error;
  error = kernel.Call<"fcntl">(fd, F_SETLK, &lock);
  if (IsError(error)) kernel.Call<"flock">(fd, kNot);
  return error == -EACCES ? -EAGAIN : error;
}

}  // namespace

// Who waits is asleep here for a slice of time, then its own instruction makes the call again: so
// handlers run, but none ends the wait.
Result fcntl(Kernel& kernel, const Args& args) {
  const int fd = args.Int(0);
  const long status = kernel.Call<"fcntl">(fd, F_GETFL);
  if (IsError(status)) return status;
  struct flock lock;
  if (!kernel.CopyIn(args[2], &lock)) return -EFAULT;
  const bool whole = lock.l_whence == 0 && lock.l_start == 0 && lock.l_len == 0;
  if (!whole || lock.l_pid != 0) return -EINVAL;
  if (lock.l_type == F_UNLCK) {
    const long error = kernel.Call<"fcntl">(fd, F_SETLK, &lock);
    return IsError(error) ? error : kernel.Call<"flock">(fd, kNot);
  }
  if (lock.l_type != F_RDLCK && lock.l_type != F_WRLCK) return -EINVAL;
  if (!IsOpenFor(lock.l_type, status)) return -EBADF;
  const long result = Lock(kernel, fd, lock);
  if (result != -EAGAIN || args.Int(1) != kWait) return result;
  __kernel_timespec slice{0, 10'000'000};
  kernel.Call<"ppoll">(0, 0, &slice, 0, 0);
  return kernel.Reexecute<"fcntl">(args[0], args[1], args[2]);
}

}  // namespace abishim::flags

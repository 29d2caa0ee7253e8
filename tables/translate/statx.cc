// statx(2), Linux 4.11, by newfstatat(2), Linux 2.6.16. Who wants the mount's id (systemd cannot do
// without) pays for it.
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "tables/kernel.h"
#include "tables/proc.h"
#include "tables/translate/proc_fd.h"

namespace abishim::translate {
namespace {

long StatDescriptor(const Kernel& kernel, int fd, arch::KernelStat* stat) {
  const long result = kernel.Call<"newfstatat">(fd, "", stat, AT_EMPTY_PATH);
  if (result != -EINVAL) return result;
  // Before 2.6.39. "." wants leave to search the directory, "" does not: there is no better name.
  return fd == AT_FDCWD ? kernel.Call<"newfstatat">(fd, ".", stat, 0)
                        : kernel.Call<"fstat">(fd, stat);
}

long StatName(const Kernel& kernel, int dirfd, Word path, unsigned flags, arch::KernelStat* stat) {
  const unsigned follow = flags & AT_SYMLINK_NOFOLLOW;
  if (flags & AT_NO_AUTOMOUNT) {
    const long result = kernel.Call<"newfstatat">(dirfd, path, stat, follow | AT_NO_AUTOMOUNT);
    if (result != -EINVAL) return result;  // before 2.6.38
  }
  return kernel.Call<"newfstatat">(dirfd, path, stat, follow);
}

struct statx_timestamp Time(unsigned long seconds, unsigned long nanoseconds) {
  struct statx_timestamp time = {};
  time.tv_sec = static_cast<long>(seconds);
  time.tv_nsec = static_cast<unsigned>(nanoseconds);
  return time;
}

void Convert(const arch::KernelStat& from, struct statx* to) {
  to->stx_mask = STATX_BASIC_STATS;
  to->stx_blksize = static_cast<unsigned>(from.blksize);
  to->stx_nlink = static_cast<unsigned>(from.nlink);
  to->stx_uid = from.uid;
  to->stx_gid = from.gid;
  to->stx_mode = static_cast<unsigned short>(from.mode);
  to->stx_ino = from.ino;
  to->stx_size = static_cast<unsigned long>(from.size);
  to->stx_blocks = static_cast<unsigned long>(from.blocks);
  to->stx_atime = Time(from.atime, from.atime_nsec);
  to->stx_ctime = Time(from.ctime, from.ctime_nsec);
  to->stx_mtime = Time(from.mtime, from.mtime_nsec);
  to->stx_rdev_major = Major(from.rdev);
  to->stx_rdev_minor = Minor(from.rdev);
  to->stx_dev_major = Major(from.dev);
  to->stx_dev_minor = Minor(from.dev);
}

void SetMount(long id, struct statx* to) {
  if (IsError(id)) return;
  to->stx_mask |= STATX_MNT_ID;
  to->stx_mnt_id = static_cast<unsigned long>(id);
}

// The name may lead elsewhere by now: the id is that of a file which this is, or there is none.
void SetMountOfName(const Kernel& kernel, int dirfd, Word path, int flags,
                    const arch::KernelStat& stat, struct statx* to) {
  const long fd = OpenPath(kernel, dirfd, path, flags);
  if (IsError(fd)) return;
  arch::KernelStat now;
  if (!IsError(StatOf(kernel, static_cast<int>(fd), &now)) && IsSameFile(now, stat)) {
    Convert(now, to);
    SetMount(MountOf(kernel, static_cast<int>(fd)), to);
  }
  kernel.Call<"close">(fd);
}

}  // namespace

Result statx(Kernel& kernel, const Args& args) {
  constexpr unsigned kFlags =
      AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE;
  const int dirfd = args.Int(0);
  const unsigned flags = args.Uint(2);
  if (args.Uint(3) & STATX__RESERVED) return -EINVAL;
  if ((flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE) return -EINVAL;
  // No name at all is as good as an empty one, since 6.11.
  const bool itself = (flags & AT_EMPTY_PATH) && (args[1] == 0 || IsEmptyString(kernel, args[1]));
  // That version also stopped looking for unknown flags where it is given a descriptor alone.
  if ((flags & ~kFlags) && !(itself && dirfd >= 0)) return -EINVAL;

  arch::KernelStat stat;
  const long result = itself ? StatDescriptor(kernel, dirfd, &stat)
                             : StatName(kernel, dirfd, args[1], flags, &stat);
  if (IsError(result)) return result;
  struct statx out = {};
  Convert(stat, &out);
  if (args.Uint(3) & STATX_MNT_ID) {
    const Word path = itself ? reinterpret_cast<Word>(".") : args[1];
    const int follow = !itself && (flags & AT_SYMLINK_NOFOLLOW) ? O_NOFOLLOW : 0;
    if (itself && dirfd != AT_FDCWD) {
      SetMount(MountOf(kernel, dirfd), &out);
    } else {
      SetMountOfName(kernel, dirfd, path, follow, stat, &out);
    }
  }
  return kernel.CopyOut(args[4], out) ? 0 : -EFAULT;
}

}  // namespace abishim::translate

// fchmodat2(2), Linux 6.6, by fchmodat(2), Linux 2.6.16, on a name in /proc where a flag says so.
#include "tables/kernel.h"
#include "tables/translate/proc_fd.h"

namespace abishim::translate {
namespace {

long ChangeSymlink(const Kernel& kernel, const FdName& name) {
  // A symbolic link's mode cannot be changed. Not asked of the host: before 6.6 some file systems
  // changed it, and said EOPNOTSUPP or 0. What the kernel checks before is asked by faccessat.
  constexpr int kWrite = 2;
  const long error = kernel.Call<"faccessat">(AT_FDCWD, name.text, kWrite);
  return error == -EROFS || error == -EPERM ? error : -EOPNOTSUPP;
}

// A file that only a name leads to, for a descriptor that only names it, or the working directory.
long ChangeNamed(const Kernel& kernel, int fd, Word mode) {
  FdName name;
  if (const long error = NameDescriptor(kernel, fd, &name)) return error;
  constexpr unsigned kType = 0170000, kSymlink = 0120000;
  if ((name.mode & kType) == kSymlink) return ChangeSymlink(kernel, name);
  return kernel.Call<"fchmodat">(AT_FDCWD, name.text, mode);
}

}  // namespace

Result fchmodat2(Kernel& kernel, const Args& args) {
  const int dirfd = args.Int(0), flags = args.Int(3);
  if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) return -EINVAL;
  if ((flags & AT_EMPTY_PATH) && IsEmptyString(kernel, args[1])) {
    const long result = kernel.Call<"fchmod">(dirfd, args[2]);
    return result == -EBADF ? ChangeNamed(kernel, dirfd, args[2]) : result;
  }
  if (!(flags & AT_SYMLINK_NOFOLLOW)) return kernel.Call<"fchmodat">(dirfd, args[1], args[2]);

  const long fd = OpenPath(kernel, dirfd, args[1], O_NOFOLLOW);
  if (IsError(fd)) return fd;
  const long result = ChangeNamed(kernel, static_cast<int>(fd), args[2]);
  kernel.Call<"close">(fd);
  return result;
}

}  // namespace abishim::translate

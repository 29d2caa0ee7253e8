// Naming a file by a descriptor: /proc/self/task/TID/fd/N, for an older call that wants a name
// where the newer one takes a descriptor, or a name that is not to be followed.
//
// Not /proc/self/fd: that is the table of the thread group's leader, who may be gone or have
// another table. Both functions need some 200 bytes of stack each.
#pragma once

#include <linux/fcntl.h>

#include "tables/kernel.h"
#include "tables/proc.h"
#include "tables/text.h"

namespace abishim::translate {

struct FdName {
  char text[48];  // what such a name can take: 41
  unsigned mode;  // of the file, as in struct stat
};

// The name of a descriptor, or of the working directory for AT_FDCWD. 0, -EBADF, or -ENOSYS when
// there is no /proc of our pid namespace that shows this very file under that name.
inline long NameDescriptor(const Kernel& kernel, int fd, FdName* name) {
  if (fd < 0 && fd != AT_FDCWD) return -EBADF;
  struct {
    arch::KernelStat file, named;
  } is;
  // By descriptor, not by fstat(2): that does not know the working directory, nor O_PATH
  // before 3.6.
  const long error = kernel.Call<"newfstatat">(fd, "", &is.file, AT_EMPTY_PATH);
  if (error == -EINVAL) return -ENOSYS;  // before 2.6.39
  if (IsError(error)) return error;

  char* end = AppendTask(kernel, name->text);
  if (fd == AT_FDCWD) {
    end = text::Append(end, "/cwd");
  } else {
    end = text::Append(text::Append(end, "/fd/"), static_cast<Word>(fd));
  }
  *end = '\0';
  if (IsError(kernel.Call<"newfstatat">(AT_FDCWD, name->text, &is.named, 0)) ||
      is.named.dev != is.file.dev || is.named.ino != is.file.ino) {
    return -ENOSYS;
  }
  name->mode = is.file.mode;
  return 0;
}

// A descriptor that only names a file (O_PATH): no side effect on devices and FIFOs, and closing it
// drops no POSIX lock. -ENOSYS before 2.6.39, where O_PATH was ignored and the file really opened,
// and where no descriptor is free: a call that needs none natively never says EMFILE.
inline long OpenPath(const Kernel& kernel, int dirfd, Word path, int flags) {
  arch::KernelStat unused;
  // AT_EMPTY_PATH came with O_PATH, and was refused before.
  if (kernel.Call<"newfstatat">(AT_FDCWD, "", &unused, AT_EMPTY_PATH) == -EINVAL) return -ENOSYS;
  const long fd = kernel.Call<"openat">(dirfd, path, O_PATH | O_CLOEXEC | flags, 0);
  return fd == -EMFILE || fd == -ENFILE ? -ENOSYS : fd;
}

// Whether the program's string is "". One that cannot be read is not: the host will say EFAULT.
inline bool IsEmptyString(const Kernel& kernel, Word path) {
  char first;
  return kernel.CopyIn(path, &first) && first == '\0';
}

}  // namespace abishim::translate

// memfd_create(2), Linux 3.17, by a file without a name on some tmpfs: O_TMPFILE, Linux 3.11, or
// a file that is created and unlinked.
#include <asm/statfs.h>
#include <linux/fcntl.h>
#include <linux/magic.h>
#include <linux/memfd.h>
#include <linux/time_types.h>

#include "tables/kernel.h"

namespace abishim::translate {
namespace {

constexpr char kDirectories[][9] = {"/dev/shm", "/run", "/tmp"};
constexpr int kCount = sizeof(kDirectories) / sizeof(kDirectories[0]);

// How good a place this is: 0 is none. Room comes first, since a mapping beyond it dies of SIGBUS;
// among those with room one that lets files be executed.
Word Rate(const Kernel& kernel, const char* directory) {
  constexpr long kReadOnly = 1, kNoExec = 8;  // ST_RDONLY, ST_NOEXEC; no flags before 2.6.36
  constexpr Word kEnough = 64 << 20, kUnlimited = Word{1} << 60;
  struct statfs fs;
  if (IsError(kernel.Call<"statfs">(directory, &fs)) || fs.f_type != TMPFS_MAGIC) return 0;
  if ((fs.f_flags & kReadOnly) != 0) return 0;
  Word room = static_cast<Word>(fs.f_bavail) * static_cast<Word>(fs.f_bsize);
  if (fs.f_blocks == 0 || room >= kUnlimited) room = kUnlimited - 1;  // mounted without a size
  if (room < kEnough) return room;
  return ((fs.f_flags & kNoExec) == 0 ? 2 * kUnlimited : kUnlimited) | room;
}

// A name that nobody else is likely to use.
void Name(const Kernel& kernel, const char* directory, char* name) {
  constexpr int kMonotonic = 1;
  __kernel_timespec now{};
  kernel.Call<"clock_gettime">(kMonotonic, &now);
  Word number = (static_cast<Word>(now.tv_sec) * 1'000'000'000 + now.tv_nsec) << 22;
  number ^= static_cast<Word>(kernel.Call<"gettid">());
  for (const char* part : {directory, "/.abishim-memfd-"}) {
    while (*part != '\0') *name++ = *part++;
  }
  for (int i = 0; i < 16; ++i) *name++ = "0123456789abcdef"[number >> (4 * i) & 15];
  *name = '\0';
}

long CreateAndUnlink(const Kernel& kernel, const char* directory, int flags) {
  char name[64];
  long fd;
  do {
    Name(kernel, directory, name);
    fd = kernel.Call<"openat">(AT_FDCWD, name, flags | O_CREAT | O_EXCL, 0600);
  } while (fd == -EEXIST);
  if (IsError(fd)) return fd;
  const long error = kernel.Call<"unlinkat">(AT_FDCWD, name, 0);
  if (!IsError(error)) return fd;
  kernel.Call<"close">(fd);
  return error;
}

long Create(const Kernel& kernel, const char* directory, int flags) {
  long fd = kernel.Call<"openat">(AT_FDCWD, directory, flags | O_TMPFILE | O_EXCL, 0600);
  // Kernels before 3.11 see a directory that is to be written.
  if (fd == -EISDIR || fd == -EOPNOTSUPP) fd = CreateAndUnlink(kernel, directory, flags);
  if (IsError(fd)) return fd;
  // Not at once: the umask would have taken its share.
  const long error = kernel.Call<"fchmod">(fd, 0777);
  if (!IsError(error)) return fd;
  kernel.Call<"close">(fd);
  return error;
}

}  // namespace

// Flags: like a kernel before 4.14, EINVAL for huge pages, and for MFD_EXEC and MFD_NOEXEC_SEAL:
// the former promises that the descriptor can be executed, the latter seals. Seals are promises to
// others and never faked: with MFD_ALLOW_SEALING the call is not there.
Result memfd_create(Kernel& kernel, const Args& args) {
  constexpr int kLongestName = 249;
  const unsigned flags = args.Uint(1);
  if ((flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING)) != 0) return -EINVAL;
  char name[kLongestName + 1];
  const long length = kernel.CopyInString(args[0], name, sizeof(name));
  if (length < 0) return length == -EFAULT ? -EFAULT : -EINVAL;
  if ((flags & MFD_ALLOW_SEALING) != 0) return -ENOSYS;

  const int open_flags = O_RDWR | O_LARGEFILE | ((flags & MFD_CLOEXEC) != 0 ? O_CLOEXEC : 0);
  Word rate[kCount];
  for (int i = 0; i < kCount; ++i) rate[i] = Rate(kernel, kDirectories[i]);
  for (;;) {
    int best = 0;
    for (int i = 1; i < kCount; ++i) best = rate[i] > rate[best] ? i : best;
    if (rate[best] == 0) return -ENOSYS;
    const long fd = Create(kernel, kDirectories[best], open_flags);
    if (!IsError(fd) || fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM) return fd;
    rate[best] = 0;
  }
}

}  // namespace abishim::translate

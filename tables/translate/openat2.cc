// openat2(2), Linux 5.6, by openat(2), Linux 2.6.16: as it is where no RESOLVE_ flag is given, else
// one component at a time (walk.h), with O_PATH, Linux 2.6.39.
#include <linux/fcntl.h>

#include "tables/translate/walk/walk.h"

namespace abishim::translate {
namespace {

constexpr Word kPage = 4096;
constexpr Word kFasync = 020000;
constexpr Word kTmpfile = __O_TMPFILE;
constexpr Word kPathFlags = O_DIRECTORY | O_NOFOLLOW | O_PATH | O_CLOEXEC;
constexpr Word kFlags = O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK |
                        O_DSYNC | __O_SYNC | kFasync | O_DIRECT | O_LARGEFILE | O_NOATIME |
                        kTmpfile | kPathFlags;
constexpr Word kResolve = RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS |
                          RESOLVE_BENEATH | RESOLVE_IN_ROOT | RESOLVE_CACHED;

// A later kernel's struct is fine if all that we do not know of it is zero.
long CopyInHow(const Kernel& kernel, Word from, Word size, open_how* how) {
  if (size < sizeof(*how)) return -EINVAL;
  if (size > kPage) return -E2BIG;
  char bytes[64];
  for (Word done = sizeof(*how); done < size;) {
    const Word want = size - done < sizeof(bytes) ? size - done : sizeof(bytes);
    const Word got = kernel.CopyInSome(from + done, bytes, want);
    for (Word i = 0; i < got; ++i) {
      if (bytes[i] != 0) return -E2BIG;
    }
    if (got < want) return -EFAULT;
    done += got;
  }
  return kernel.CopyIn(from, how) ? 0 : -EFAULT;
}

long Check(const open_how& how) {
  const Word flags = how.flags, resolve = how.resolve;
  const bool creates = (flags & (O_CREAT | kTmpfile)) != 0;
  const Word access = flags & O_ACCMODE;
  if ((flags & ~kFlags) != 0 || (resolve & ~kResolve) != 0) return -EINVAL;
  if ((resolve & RESOLVE_BENEATH) && (resolve & RESOLVE_IN_ROOT)) return -EINVAL;
  if (how.mode & (creates ? ~Word{07777} : ~Word{0})) return -EINVAL;
  if ((flags & O_DIRECTORY) && (flags & O_CREAT)) return -EINVAL;
  if ((flags & kTmpfile) && (!(flags & O_DIRECTORY) || access == O_RDONLY)) return -EINVAL;
  if ((flags & O_PATH) && (flags & ~kPathFlags)) return -EINVAL;
  if ((resolve & RESOLVE_CACHED) && (creates || (flags & O_TRUNC))) return -EAGAIN;
  return 0;
}

}  // namespace

Result openat2(Kernel& kernel, const Args& args) {
  open_how how;
  if (const long error = CopyInHow(kernel, args[2], args[3], &how)) return error;
  if (const long error = Check(how)) return error;
  if (how.resolve == 0) {
    return kernel.Reexecute<"openat">(args.Int(0), args[1], how.flags, how.mode);
  }
  Walk walk(kernel, how);
  return walk.Open(args.Int(0), args[1]);
}

}  // namespace abishim::translate

// openat2(2), Linux 5.6, by openat(2), Linux 2.6.16: as it is where no RESOLVE_ flag is given, else
// one component at a time (walk.h), with O_PATH, Linux 2.6.39.
#include <linux/fcntl.h>

#include "tables/translate/extensible.h"
#include "tables/translate/walk/walk.h"

namespace abishim::translate {
namespace {

constexpr Word kFasync = 020000;
constexpr Word kTmpfile = __O_TMPFILE;
constexpr Word kPathFlags = O_DIRECTORY | O_NOFOLLOW | O_PATH | O_CLOEXEC;
constexpr Word kFlags = O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK |
                        O_DSYNC | __O_SYNC | kFasync | O_DIRECT | O_LARGEFILE | O_NOATIME |
                        kTmpfile | kPathFlags;
constexpr Word kResolve = RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS |
                          RESOLVE_BENEATH | RESOLVE_IN_ROOT | RESOLVE_CACHED;

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
  if (const long error = CopyInExtensible(kernel, args[2], args[3], &how)) return error;
  if (const long error = Check(how)) return error;
  if (how.resolve == 0) {
    return kernel.Reexecute<"openat">(args.Int(0), args[1], how.flags, how.mode);
  }
  Walk walk(kernel, how);
  return walk.Open(args.Int(0), args[1]);
}

}  // namespace abishim::translate

// Symbolic links in a resolution by hand; see walk.h.
#include <asm/statfs.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/magic.h>

#include "tables/translate/walk/walk.h"

namespace abishim::translate {
namespace {

constexpr int kMostLinks = 40;
constexpr long kNoSymlinksHere = 0x2000;  // ST_NOSYMFOLLOW, 5.10

bool Is(const char* name, const char* other) {
  while (*name != '\0' && *name == *other) ++name, ++other;
  return *name == *other;
}

// Whether following the link is a jump to an object rather than a walk along the text. On procfs
// all links are, but those that say how long their text is (mounts, net, and others outside of the
// directories of processes) and two that are made up for the one who asks. 64: /proc/PID/fd/N.
bool IsMagic(const struct statfs& on, const KernelStat& stat, const char* name, long text_size) {
  if (on.f_type == SECURITYFS_MAGIC) return true;
  if (on.f_type != PROC_SUPER_MAGIC) return false;
  if (Is(name, "self") || Is(name, "thread-self")) return false;
  return stat.size != text_size || stat.size == 64;
}

}  // namespace

// Closes `link`.
long Walk::Follow(int link, const KernelStat& stat, const Component& component) {
  struct statfs on;
  long result = 0, size = 0;
  if (links_++ >= kMostLinks) {
    result = -ELOOP;
  } else if (component.last && !MayFollow(link, stat)) {
    result = -EACCES;
  } else if (Resolves(RESOLVE_NO_SYMLINKS)) {
    result = -ELOOP;
  } else {
    result = kernel_.Call<"fstatfs">(link, &on);
    if (result == -EBADF) {  // O_PATH, before 3.12
      const ProcPath path(kernel_, "fd", link);
      result = IsOurs(kernel_, path, link) ? kernel_.Call<"statfs">(path.text(), &on) : -ENOSYS;
    }
    if (!IsError(result) && (on.f_flags & kNoSymlinksHere) != 0) result = -ELOOP;
  }
  if (!IsError(result)) {
    // The room in front of the rest is free; the component's name stands right before the rest.
    const bool room = component.name - text_ >= PATH_MAX;
    size = room ? kernel_.Call<"readlinkat">(link, "", text_, PATH_MAX) : -ENAMETOOLONG;
    result = size == PATH_MAX ? -ENAMETOOLONG : size == 0 ? -ENOENT : size;
  }
  if (!IsError(result) && IsMagic(on, stat, component.name, size)) {
    return FollowMagic(link, component);
  }
  Close(link);
  if (IsError(result)) return result;
  if (!Expand(size)) return -ENAMETOOLONG;
  if (*rest_ != '/') return 0;
  if (Resolves(RESOLVE_BENEATH)) return -EXDEV;
  while (*rest_ == '/') ++rest_;
  return Root();
}

// Only the host can jump. It may where nothing but NO_XDEV is asked for, and then the jump must
// have stayed on the mount.
long Walk::FollowMagic(int link, const Component& component) {
  Close(link);
  if (Resolves(RESOLVE_NO_MAGICLINKS)) return -ELOOP;
  if (below_root_) return -EXDEV;
  const long found = kernel_.Call<"openat">(Here(), component.name, O_PATH | O_CLOEXEC, 0);
  if (IsError(found)) return found;
  const int fd = static_cast<int>(found);
  KernelStat stat;
  long result = CheckMount(fd);
  if (result == 0) result = StatOf(kernel_, fd, &stat);
  if (result == 0 && component.last) return Last(fd, stat, component);
  if (result == 0 && !IsType(stat, kDirectory)) result = -ENOTDIR;
  if (result == 0) return Push(fd, "");
  Close(fd);
  return result;
}

// fs.protected_symlinks: in a sticky directory that all may write to, a link is followed by its
// owner only, or if it is the directory's owner's.
bool Walk::MayFollow(int link, const KernelStat& stat) const {
  constexpr unsigned kShared = kSticky | 0002;
  if (stat.uid == static_cast<unsigned>(kernel_.Call<"setfsuid">(-1))) return true;
  KernelStat parent;
  if (IsError(StatOf(kernel_, Here(), &parent))) return false;
  if ((parent.mode & kShared) != kShared || parent.uid == stat.uid) return true;
  return SettingOf(kernel_, "/proc/sys/fs/protected_symlinks", link, 1) == 0;
}

}  // namespace abishim::translate

// The last step of a resolution by hand: opening what was found; see walk.h.
//
// Every path through here ends with all temporary descriptors gone but one, which is moved above
// the lowest free number before the host opens the descriptor that the program gets.
#include <linux/fcntl.h>

#include "tables/translate/walk/walk.h"

namespace abishim::translate {
namespace {

constexpr unsigned kReadWrite = 2;

}  // namespace

// Takes `object`.
long Walk::Last(int object, const KernelStat& stat, const Component& component) {
  long result = CheckAllHeld();
  if (result == 0 && Has(O_CREAT)) {
    result = Has(O_EXCL)                   ? -EEXIST
             : IsType(stat, kDirectory)    ? -EISDIR
             : StickyForbids(object, stat) ? -EACCES
                                           : 0;
  }
  if (result == 0 && must_be_directory_ && !IsType(stat, kDirectory)) result = -ENOTDIR;
  if (result == 0 && IsType(stat, kSymlink) && !Has(O_PATH)) result = -ELOOP;
  if (result == 0 && IsType(stat, kDirectory) && (!Has(O_PATH) || must_be_directory_)) {
    result = Push(object, component.name);
    if (result == 0) result = OpenDirectory();
    return IsError(result) ? result : result + 1;
  }
  if (IsError(result)) {
    Close(object);
    return result;
  }
  result = OpenObject(object, stat, component.name);
  return IsError(result) ? result : result + 1;
}

// The innermost held directory, as itself: by its own ".", which no rename can change.
long Walk::OpenDirectory() {
  const int directory = Raise(Take());
  Release();
  if (directory < 0) return directory;
  long fd = kernel_.Call<"openat">(directory, ".", how_.flags, how_.mode);
  // "." asks for the permission to search, the kernel does so only if the path ended in a dot.
  if (fd == -EACCES && !last_is_dot_ && !Has(O_TMPFILE) && HasProc(kernel_, directory)) {
    fd = OpenByProc(directory, how_.flags);
  }
  Close(directory);
  return fd;
}

long Walk::Create(const Component& component) {
  if (const long error = CheckAllHeld()) return error;
  const int parent = Raise(Take());
  Release();
  if (parent < 0) return parent;
  // Always exclusive: if somebody else was faster, what is there has not been looked at.
  const long fd = kernel_.Call<"openat">(parent, component.name, how_.flags | O_EXCL, how_.mode);
  Close(parent);
  if (IsError(fd)) return fd == -EEXIST && !Has(O_EXCL) ? -EAGAIN : fd;
  return fd + 1;
}

// Takes `object`, which is no directory unless with O_PATH.
long Walk::OpenObject(int object, const KernelStat& stat, const char* name) {
  const unsigned access = how_.flags & O_ACCMODE;
  Word flags = how_.flags & ~static_cast<Word>(O_CREAT | O_EXCL);
  bool would_wait = IsType(stat, kFifo) && !Has(O_PATH) && !Has(O_NONBLOCK) && access < kReadWrite;
  // A FIFO's reader waits for a writer, and nothing tells whether there is one. To wait here would
  // hold up the program's signals, and for the program's own instruction a descriptor would have to
  // stay. A writer's open that need not wait is the same without waiting.
  if (would_wait && access == O_RDONLY) {
    Close(object);
    return -ENOSYS;
  }
  if (would_wait) flags |= O_NONBLOCK;
  const bool has_proc = HasProc(kernel_, object);
  const bool as_it_is = Has(O_PATH) && (Has(O_NOFOLLOW) || !has_proc);
  long fd;
  if (has_proc || as_it_is) {
    Release();
    object = Raise(object);
    if (object < 0) return object;
    fd = as_it_is ? kernel_.Call<"fcntl">(object, Has(O_CLOEXEC) ? F_DUPFD_CLOEXEC : F_DUPFD, 0)
                  : OpenByProc(object, flags);
    Close(object);
  } else {
    const int parent = Take();
    Close(object);
    Release();
    held_[depth_ = 0] = Raise(parent);
    fd = Here() < 0 ? Here() : OpenByName(stat, name, flags);
    if (Here() < 0) depth_ = -1;
  }
  if (would_wait && fd == -ENXIO) return -ENOSYS;
  if (would_wait && !IsError(fd)) kernel_.Call<"fcntl">(fd, F_SETFL, how_.flags);
  return fd;
}

// The very object, whatever its name may lead to by now. F_GETFL does not show O_NOFOLLOW then.
long Walk::OpenByProc(int object, Word flags) const {
  const ProcPath path(kernel_, "fd", object);
  return kernel_.Call<"openat">(AT_FDCWD, path.text(), flags & ~static_cast<Word>(O_NOFOLLOW), 0);
}

// Without /proc: once more by name, and only kept if it is what was looked at. Until that is known
// nothing may wait or be cut short. F_GETFL shows O_NOFOLLOW then.
long Walk::OpenByName(const KernelStat& stat, const char* name, Word flags) const {
  const bool regular = IsType(stat, kRegular), truncate = regular && Has(O_TRUNC);
  if (truncate && (how_.flags & O_ACCMODE) == O_RDONLY) return -ENOSYS;  // ftruncate would not
  flags = (flags & ~static_cast<Word>(O_TRUNC)) | O_NOFOLLOW;
  const long fd = kernel_.Call<"openat">(Here(), name, regular ? flags | O_NONBLOCK : flags, 0);
  if (IsError(fd)) return fd;
  KernelStat opened;
  long error = StatOf(kernel_, static_cast<int>(fd), &opened);
  if (error == 0 && !IsSameFile(stat, opened)) error = -EAGAIN;
  if (error == 0 && truncate) error = kernel_.Call<"ftruncate">(fd, 0);
  if (error == 0 && regular && !Has(O_NONBLOCK)) kernel_.Call<"fcntl">(fd, F_SETFL, flags);
  if (error == 0) return fd;
  Close(static_cast<int>(fd));
  return error;
}

// fs.protected_regular and fs.protected_fifos (4.19): O_CREAT does not open another's file that was
// put into a sticky directory.
bool Walk::StickyForbids(int object, const KernelStat& stat) const {
  KernelStat parent;
  if (IsError(StatOf(kernel_, Here(), &parent))) return true;
  if ((parent.mode & kSticky) == 0 || stat.uid == parent.uid) return false;
  if (stat.uid == static_cast<unsigned>(kernel_.Call<"setfsuid">(-1))) return false;
  const char* setting = IsType(stat, kRegular) ? "/proc/sys/fs/protected_regular"
                        : IsType(stat, kFifo)  ? "/proc/sys/fs/protected_fifos"
                                               : nullptr;
  const int protection = setting == nullptr ? 1 : SettingOf(kernel_, setting, object, 2);
  if (protection == 0) return false;
  return (parent.mode & 0002) != 0 || ((parent.mode & 0020) != 0 && protection >= 2);
}

int Walk::Raise(int fd) const {
  const long higher = kernel_.Call<"fcntl">(fd, F_DUPFD_CLOEXEC, fd + 1);
  Close(fd);
  return IsError(higher) ? -EMFILE : static_cast<int>(higher);
}

}  // namespace abishim::translate

// The steps of a resolution by hand; see walk.h.
#include "tables/translate/walk/walk.h"

#include <linux/fcntl.h>
#include <linux/limits.h>

namespace abishim::translate {
namespace {

constexpr int kLook = O_PATH | O_NOFOLLOW | O_CLOEXEC;

constexpr Word Length(const char* text) {
  Word length = 0;
  while (text[length] != '\0') ++length;
  return length;
}

}  // namespace

Walk::Walk(const Kernel& kernel, const open_how& how)
    : kernel_(kernel),
      how_(how),
      below_root_((how.resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT)) != 0),
      follow_last_((how.flags & O_NOFOLLOW) == 0 &&
                   (how.flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL)),
      must_be_directory_((how.flags & O_DIRECTORY) != 0) {}

long Walk::Open(int dirfd, Word path) {
  const long size = kernel_.CopyInString(path, text_, PATH_MAX);
  if (size < 0) return size;
  if (size == 0) return -ENOENT;
  // Nobody can tell from here what is cached. The kernel may always say so, and callers go on
  // without the flag.
  if (Resolves(RESOLVE_CACHED)) return -EAGAIN;
  rest_ = text_ + kTextSize - 1;
  *rest_ = '\0';
  Expand(size);
  long result = Start(dirfd);
  if (!IsError(result)) result = Steps();
  Release();
  return result;
}

long Walk::Start(int dirfd) {
  const bool from_root = *rest_ == '/' && !Resolves(RESOLVE_IN_ROOT);
  if (from_root && Resolves(RESOLVE_BENEATH)) return -EXDEV;
  const long fd = kernel_.Call<"openat">(from_root ? AT_FDCWD : dirfd, from_root ? "/" : ".",
                                         O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
  if (IsError(fd)) return fd;
  met_root_ = from_root;
  depth_ = 0;
  held_[0] = static_cast<int>(fd);
  names_at_[0] = names_at_[1] = 0;
  while (*rest_ == '/') ++rest_;
  // Before 2.6.39 O_PATH is ignored, and looking at a file would be opening it.
  if ((kernel_.Call<"fcntl">(fd, F_GETFL) & O_PATH) == 0) return -ENOSYS;
  if (Resolves(RESOLVE_NO_XDEV)) {
    mount_ = HasProc(kernel_, Here()) ? MountOf(kernel_, Here()) : -ENOSYS;
    if (IsError(mount_)) return mount_;
  }
  return 0;
}

// Results of a step: 0 means go on, anything above is 1 + the descriptor that the path led to.
long Walk::Steps() {
  while (*rest_ != '\0') {
    const Component component = Next();
    const char* name = component.name;
    last_is_dot_ = false;
    long result = 0;
    if (name[0] == '.' && name[1] == '\0') {
      last_is_dot_ = true;
      result = Search();
    } else if (name[0] == '.' && name[1] == '.' && name[2] == '\0') {
      last_is_dot_ = true;
      result = Up();
    } else {
      result = Down(component);
    }
    if (IsError(result)) return result;
    if (result > 0) return result - 1;
  }
  if (const long error = CheckAllHeld()) return error;
  if (Has(O_CREAT)) return Has(O_EXCL) ? -EEXIST : -EISDIR;
  return OpenDirectory();
}

Walk::Component Walk::Next() {
  Component component{rest_, false, false};
  while (*rest_ != '\0' && *rest_ != '/') ++rest_;
  while (*rest_ == '/') {
    component.slash = true;
    *rest_++ = '\0';
  }
  component.last = *rest_ == '\0';
  return component;
}

bool Walk::Expand(long size) {
  const bool more = *rest_ != '\0';
  if (rest_ - text_ < size + more) return false;
  if (more) *--rest_ = '/';
  rest_ -= size;
  for (long i = size - 1; i >= 0; --i) rest_[i] = text_[i];
  return true;
}

long Walk::Root() {
  if (below_root_) {
    while (depth_ > 0) Close(held_[depth_--]);
    return 0;
  }
  // The kernel compares with a root that it looks up only later, unless there was a reason before.
  if (Resolves(RESOLVE_NO_XDEV) && !met_root_) return -EXDEV;
  const long fd = kernel_.Call<"openat">(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
  if (IsError(fd)) return fd;
  if (const long error = CheckMount(static_cast<int>(fd))) {
    Close(static_cast<int>(fd));
    return error;
  }
  return Push(static_cast<int>(fd), "");
}

long Walk::Down(const Component& component) {
  if (component.last && Has(O_CREAT) && component.slash) {
    const long error = Search();
    return error != 0 ? error : -EISDIR;
  }
  if (component.last && component.slash) follow_last_ = must_be_directory_ = true;
  KernelStat stat;
  const long found = Lookup(component, &stat);
  if (found == -ENOENT && component.last && Has(O_CREAT)) return Create(component);
  if (IsError(found)) return found;
  const int fd = static_cast<int>(found);
  const bool is_link = IsType(stat, kSymlink);
  long result = CheckMount(fd);
  if (result == 0 && is_link && (!component.last || follow_last_)) {
    return Follow(fd, stat, component);
  }
  if (result == 0 && component.last) return Last(fd, stat, component);
  if (result == 0 && !IsType(stat, kDirectory)) result = -ENOTDIR;
  if (result == 0) return Push(fd, component.name);
  Close(fd);
  return result;
}

// A directory is opened as one wherever the kernel would mount what is to be mounted there.
long Walk::Lookup(const Component& component, KernelStat* stat) const {
  if (!component.last || !Has(O_PATH) || must_be_directory_) {
    const long fd = kernel_.Call<"openat">(Here(), component.name, kLook | O_DIRECTORY, 0);
    stat->mode = kDirectory;  // all that is asked of a directory
    if (fd != -ENOTDIR && fd != -ELOOP) return fd;
  }
  const long fd = kernel_.Call<"openat">(Here(), component.name, kLook, 0);
  if (IsError(fd)) return fd;
  const long error = StatOf(kernel_, static_cast<int>(fd), stat);
  if (!IsError(error)) return fd;
  Close(static_cast<int>(fd));
  return error;
}

// Whether we may look up names here; the kernel asks even for dots.
long Walk::Search() const {
  KernelStat stat;
  return kernel_.Call<"newfstatat">(Here(), ".", &stat, 0);
}

long Walk::Up() {
  if (!below_root_) {
    met_root_ = true;
    const long fd =
        kernel_.Call<"openat">(Here(), "..", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
    if (IsError(fd)) return fd;
    if (const long error = CheckMount(static_cast<int>(fd))) {
      Close(static_cast<int>(fd));
      return error;
    }
    return Push(static_cast<int>(fd), "");
  }
  if (const long error = Search()) return error;
  if (depth_ == 0) return Resolves(RESOLVE_BENEATH) ? -EXDEV : 0;
  // With NO_XDEV all that is held lies on one mount.
  if (const long error = CheckHeld(depth_)) return error;
  Close(held_[depth_--]);
  return 0;
}

long Walk::Push(int fd, const char* name) {
  if (!below_root_) {
    Close(held_[0]);
    held_[0] = fd;
    return 0;
  }
  const Word size = Length(name) + 1, at = names_at_[depth_ + 1];
  if (depth_ + 1 == kDeepest || at + size > kNamesSize) {
    Close(fd);
    return -EMFILE;
  }
  for (Word i = 0; i < size; ++i) names_[at + i] = name[i];
  held_[++depth_] = fd;
  names_at_[depth_ + 1] = static_cast<short>(at + size);
  return 0;
}

int Walk::Take() { return held_[depth_--]; }

void Walk::Release() {
  while (depth_ >= 0) Close(held_[depth_--]);
}

long Walk::CheckMount(int fd) const {
  if (!Resolves(RESOLVE_NO_XDEV)) return 0;
  const long mount = MountOf(kernel_, fd);
  if (IsError(mount)) return mount;
  return mount == mount_ ? 0 : -EXDEV;
}

// Downwards: ".." would lead astray where something was mounted over the root later.
long Walk::CheckHeld(int depth) const {
  KernelStat held, now;
  const char* name = names_ + names_at_[depth];
  if (IsError(StatOf(kernel_, held_[depth], &held))) return -EAGAIN;
  const long error = kernel_.Call<"newfstatat">(held_[depth - 1], name, &now, AT_SYMLINK_NOFOLLOW);
  return !IsError(error) && IsSameFile(held, now) ? 0 : -EAGAIN;
}

long Walk::CheckAllHeld() const {
  for (int i = 1; i <= depth_; ++i) {
    if (const long error = CheckHeld(i)) return error;
  }
  return 0;
}

}  // namespace abishim::translate

// What the host's /proc says about us, for translations: descriptors as paths, mounts, settings.
#pragma once

#include "tables/kernel.h"

namespace abishim::translate {

using arch::KernelStat;

// Of KernelStat::mode. (linux/stat.h hides its own from all who include a libc's header.)
inline constexpr unsigned kTypeMask = 0170000, kFifo = 0010000, kDirectory = 0040000,
                          kRegular = 0100000, kSymlink = 0120000, kSticky = 01000;
constexpr bool IsType(const KernelStat& stat, unsigned type) {
  return (stat.mode & kTypeMask) == type;
}
constexpr bool IsSameFile(const KernelStat& a, const KernelStat& b) {
  return a.dev == b.dev && a.ino == b.ino;
}

// Of a device number as struct stat and ustat(2) have it, 32 bits wide: the middle 12 are the
// major.
constexpr unsigned Major(Word device) { return device >> 8 & 0xfff; }
constexpr unsigned Minor(Word device) { return (device & 0xff) | (device >> 12 & 0xfff00); }

// Of the file itself, O_PATH or not. (fstat refuses O_PATH before 3.6.)
long StatOf(const Kernel& kernel, int fd, KernelStat* stat);

// Appends "/proc/self/task/TID", without a NUL: what /proc/self shows is of the thread group's
// leader, who may be gone or have another table. Gives the new end.
char* AppendTask(const Kernel& kernel, char* end);

// "/proc/self/task/TID/fd/FD".
class ProcPath {
 public:
  ProcPath(const Kernel& kernel, const char* folder, int fd);
  const char* text() const { return text_; }
  Word size() const { return size_; }  // without the NUL

 private:
  char text_[64];
  Word size_;
};

// Whether that path leads to our own descriptor: there is a /proc, it is of our pid namespace, and
// nothing is mounted over it.
bool IsOurs(const Kernel& kernel, const ProcPath& path, int fd);
inline bool HasProc(const Kernel& kernel, int fd) {
  return IsOurs(kernel, ProcPath(kernel, "fd", fd), fd);
}

// The mount that a descriptor is on (name_to_handle_at, or fdinfo, 3.15), or -ENOSYS; -EMFILE,
// -ENFILE: no descriptor is free to read it by.
long MountOf(const Kernel& kernel, int fd);

// A setting of one digit under /proc/sys; 0 where the kernel is too old for it; `hidden` where
// /proc cannot be asked. `fd`: any descriptor of ours.
int SettingOf(const Kernel& kernel, const char* path, int fd, int hidden);

}  // namespace abishim::translate

// remap_file_pages(2), which kernels from 4.0 on make of a mapping for each call and may drop one
// day, by mmap(2) of a descriptor of the same file that the program still has open. Opening the
// file anew and closing it again would drop the program's POSIX locks.
#include <linux/fcntl.h>
#include <linux/mman.h>

#include "tables/translate/lines.h"
#include "tables/translate/proc_fd.h"

namespace abishim::translate {
namespace {

constexpr Word kPage = 4096;
constexpr Word kMostPages = ~Word{0} / kPage;

struct Mapping {
  Word start, end, major, minor, inode;
  char rights[4];  // "rw-s"
};

// START-END RIGHTS OFFSET MAJOR:MINOR INODE ...
Mapping Parse(const char* at) {
  Mapping m{};
  m.start = TakeNumber(&at, 16);
  if (*at == '-') m.end = TakeNumber(&++at, 16);
  at = SkipWords(at, 1);
  for (char& right : m.rights) {
    if (*at != '\0') right = *at++;
  }
  at = SkipWords(at, 2);
  m.major = TakeNumber(&at, 16);
  if (*at == ':') m.minor = TakeNumber(&++at, 16);
  at = SkipWords(at, 1);
  m.inode = TakeNumber(&at);
  return m;
}

bool IsAlike(const Mapping& a, const Mapping& b) {
  return a.major == b.major && a.minor == b.minor && a.inode == b.inode &&
         __builtin_memcmp(a.rights, b.rights, sizeof(a.rights)) == 0;
}

class Task {
 public:
  explicit Task(const Kernel& kernel) : end_(AppendTask(kernel, text_)) {}
  const char* Path(const char* last) {
    *text::Append(end_, last) = '\0';
    return text_;
  }

 private:
  char text_[48];
  char* end_;
};

// The shared mapping in [start, end), alike and without a hole from one end to the other.
long FindMapping(const Kernel& kernel, Task* task, Word start, Word end, Mapping* found) {
  char line[256];
  Lines maps(kernel, task->Path("/maps"));
  if (!maps.open()) return -ENOSYS;
  found->end = 0;
  while (maps.Next(line, sizeof(line))) {
    const Mapping now = Parse(line);
    if (now.end <= start) continue;
    if (found->end == 0) {
      if (now.start > start || now.rights[3] != 's') return -EINVAL;
      *found = now;
    } else if (now.start != found->end || !IsAlike(now, *found)) {
      return -EINVAL;
    }
    found->end = now.end;
    if (found->end >= end) return 0;
  }
  return -EINVAL;
}

// The kernel takes only what may be written, if not by this mapping.
bool Serves(const Kernel& kernel, int fd, const Mapping& mapping) {
  arch::KernelStat file;
  const long flags = kernel.Call<"fcntl">(fd, F_GETFL, 0);
  if (IsError(flags) || (flags & (O_ACCMODE | O_PATH)) != O_RDWR) return false;
  if (IsError(kernel.Call<"fstat">(fd, &file)) || file.ino != mapping.inode) return false;
  const Word major = (file.dev >> 8 & 0xfff) | (file.dev >> 32 & ~Word{0xfff});
  const Word minor = (file.dev & 0xff) | (file.dev >> 12 & 0xffffff00);
  return major == mapping.major && minor == mapping.minor;
}

struct Entry {  // linux_dirent64
  Word inode;
  long offset;
  unsigned short bytes;
  unsigned char type;
  char name[];
};

// A descriptor of the program's that is open on the mapped file, or -EINVAL.
long FindDescriptor(const Kernel& kernel, Task* task, const Mapping& mapping) {
  const long list =
      kernel.Call<"openat">(AT_FDCWD, task->Path("/fd"), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (IsError(list)) return -EINVAL;
  long found = -EINVAL;
  alignas(Entry) char entries[1024];
  for (long bytes; found < 0;) {
    bytes = kernel.Call<"getdents64">(list, entries, sizeof(entries));
    if (bytes <= 0) break;
    for (long at = 0; at < bytes && found < 0;) {
      const Entry& entry = *reinterpret_cast<const Entry*>(entries + at);
      at += entry.bytes;
      const char* name = entry.name;
      if (*name < '0' || *name > '9') continue;
      const int fd = static_cast<int>(TakeNumber(&name));
      if (fd != list && Serves(kernel, fd, mapping)) found = fd;
    }
  }
  kernel.Call<"close">(list);
  return found;
}

}  // namespace

Result remap_file_pages(Kernel& kernel, const Args& args) {
  const Word start = args[0] & ~(kPage - 1), size = args[1] & ~(kPage - 1), page = args[3];
  if (args[2] != 0 || start + size <= start || page + size / kPage < page) return -EINVAL;
  Task task(kernel);
  Mapping mapping;
  long error = FindMapping(kernel, &task, start, start + size, &mapping);
  if (IsError(error)) return error;
  const long fd = FindDescriptor(kernel, &task, mapping);
  if (fd < 0) return fd;
  if (page > kMostPages) return -EOVERFLOW;
  const int rights = (mapping.rights[0] == 'r' ? PROT_READ : 0) |
                     (mapping.rights[1] == 'w' ? PROT_WRITE : 0) |
                     (mapping.rights[2] == 'x' ? PROT_EXEC : 0);
  const Word flags = (args[4] & MAP_NONBLOCK) | MAP_SHARED | MAP_FIXED | MAP_POPULATE;
  error = kernel.Call<"mmap">(start, size, rights, flags, fd, page * kPage);
  return IsError(error) ? error : 0;
}

}  // namespace abishim::translate

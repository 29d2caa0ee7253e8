// sysfs(2), behind CONFIG_SYSFS_SYSCALL since 3.15, by /proc/filesystems: the same list in the same
// order.
#include "tables/translate/lines.h"

namespace abishim::translate {
namespace {

constexpr Word kNameBytes = 4096;  // of a path name, which the kernel takes it for

// "nodev\tproc", "\text4".
const char* NameIn(const char* line) {
  while (*line != '\t' && *line != '\0') ++line;
  return *line == '\t' ? line + 1 : line;
}

long IndexOf(const Kernel& kernel, Word name_at) {
  char name[kNameBytes], line[kNameBytes];
  const long length = kernel.CopyInString(name_at, name, sizeof(name));
  if (IsError(length)) return length;
  if (length == 0) return -ENOENT;
  Lines list(kernel, "/proc/filesystems");
  if (!list.open()) return -ENOSYS;
  for (long index = 0; list.Next(line, sizeof(line)); ++index) {
    if (std::string_view(NameIn(line)) == name) return index;
  }
  return -EINVAL;
}

long NameOf(const Kernel& kernel, unsigned index, Word to) {
  char line[256];
  Lines list(kernel, "/proc/filesystems");
  if (!list.open()) return -ENOSYS;
  while (list.Next(line, sizeof(line))) {
    if (index-- != 0) continue;
    const std::string_view name = NameIn(line);
    return kernel.CopyOut(to, name.data(), name.size() + 1) ? 0 : -EFAULT;
  }
  return -EINVAL;
}

long Count(const Kernel& kernel) {
  char line[256];
  Lines list(kernel, "/proc/filesystems");
  if (!list.open()) return -ENOSYS;
  long count = 0;
  while (list.Next(line, sizeof(line))) ++count;
  return count;
}

}  // namespace

Result sysfs(Kernel& kernel, const Args& args) {
  switch (args.Int(0)) {
    case 1:
      return IndexOf(kernel, args[1]);
    case 2:
      return NameOf(kernel, args.Uint(1), args[2]);
    case 3:
      return Count(kernel);
    default:
      return -EINVAL;
  }
}

}  // namespace abishim::translate

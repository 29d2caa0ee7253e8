// ustat(2), which architectures newer than x86-64 never had, by statfs(2) of a place where that
// device is mounted: mountinfo names one.
#include <asm/statfs.h>

#include "tables/proc.h"
#include "tables/translate/lines.h"
#include "tables/translate/proc_fd.h"

namespace abishim::translate {
namespace {

struct Ustat {
  int free_blocks, pad;
  Word free_inodes;
  char names[12];  // the kernel leaves them empty
  int tail;
};
static_assert(sizeof(Ustat) == 32 && __builtin_offsetof(Ustat, names) == 16);

// mountinfo writes blanks and backslashes as \ooo.
void Unescape(char* path) {
  const auto octal = [](char c) { return c >= '0' && c <= '7'; };
  char* to = path;
  for (const char* from = path; *from != '\0';) {
    if (from[0] == '\\' && octal(from[1]) && octal(from[2]) && octal(from[3])) {
      *to++ = static_cast<char>((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
      from += 4;
    } else {
      *to++ = *from++;
    }
  }
  *to = '\0';
}

struct Mount {
  long id;
  char* path;
};

// ID PARENT MAJOR:MINOR ROOT PATH ...: is it of this device?
bool IsOf(unsigned dev, char* line, Mount* mount) {
  const char* at = line;
  mount->id = static_cast<long>(TakeNumber(&at));
  at = SkipWords(line, 2);
  const Word major = TakeNumber(&at);
  if (*at++ != ':') return false;
  const Word minor = TakeNumber(&at);
  if (major != Major(dev) || minor != Minor(dev)) return false;
  mount->path = line + (SkipWords(at, 2) - line);
  char* end = mount->path;
  while (*end != ' ' && *end != '\0') ++end;
  *end = '\0';
  Unescape(mount->path);
  return true;
}

// Something else may be mounted over that place: then it is no way to the device. (Before 3.15 no
// descriptor tells its mount.)
long StatMount(const Kernel& kernel, const Mount& mount, struct statfs* is) {
  const long fd = OpenPath(kernel, AT_FDCWD, reinterpret_cast<Word>(mount.path), 0);
  if (IsError(fd)) return fd;
  const long id = MountOf(kernel, static_cast<int>(fd));
  long error = id == mount.id || IsError(id) ? 0 : -ENOENT;
  if (error == 0) error = kernel.Call<"fstatfs">(fd, is);
  if (error == -EBADF) error = kernel.Call<"statfs">(mount.path, is);  // O_PATH, before 3.12
  kernel.Call<"close">(fd);
  return error;
}

}  // namespace

Result ustat(Kernel& kernel, const Args& args) {
  char line[2 * 4096];  // a line has two paths
  *text::Append(AppendTask(kernel, line), "/mountinfo") = '\0';
  Lines mounts(kernel, line);
  if (!mounts.open()) return -ENOSYS;
  while (mounts.Next(line, sizeof(line))) {
    Mount mount;
    struct statfs is;
    if (!IsOf(args.Uint(0), line, &mount)) continue;
    const long error = StatMount(kernel, mount, &is);
    if (error == -ENOSYS) return error;  // no descriptor is free
    if (IsError(error)) continue;
    Ustat answer{};
    answer.free_blocks = static_cast<int>(is.f_bfree);
    answer.free_inodes = static_cast<Word>(is.f_ffree);
    return kernel.CopyOut(args[1], answer) ? 0 : -EFAULT;
  }
  return -EINVAL;
}

}  // namespace abishim::translate

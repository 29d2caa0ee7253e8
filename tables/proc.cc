// Reading /proc; see proc.h.
#include "tables/proc.h"

#include <linux/fcntl.h>

#include "tables/text.h"

namespace abishim::translate {

long StatOf(const Kernel& kernel, int fd, KernelStat* stat) {
  const long error = kernel.Call<"newfstatat">(fd, "", stat, AT_EMPTY_PATH);
  return error == -EINVAL ? kernel.Call<"fstat">(fd, stat) : error;  // before 2.6.39
}

char* AppendTask(const Kernel& kernel, char* end) {
  return text::Append(text::Append(end, "/proc/self/task/"),
                      static_cast<Word>(kernel.Call<"gettid">()));
}

ProcPath::ProcPath(const Kernel& kernel, const char* folder, int fd) {
  char* end = text::Append(text::Append(AppendTask(kernel, text_), "/"), folder);
  end = text::Append(text::Append(end, "/"), static_cast<Word>(fd));
  *end = '\0';
  size_ = static_cast<Word>(end - text_);
}

bool IsOurs(const Kernel& kernel, const ProcPath& path, int fd) {
  KernelStat direct, by_path;
  return !IsError(StatOf(kernel, fd, &direct)) &&
         !IsError(kernel.Call<"newfstatat">(AT_FDCWD, path.text(), &by_path, 0)) &&
         IsSameFile(direct, by_path);
}

namespace {

// The beginning of a file of /proc. Gives how much, or -errno.
long ReadSome(const Kernel& kernel, const char* path, char* text, Word size) {
  const long fd = kernel.Call<"openat">(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
  if (IsError(fd)) return fd;
  const long got = kernel.Call<"read">(fd, text, size);
  kernel.Call<"close">(fd);
  return got;
}

}  // namespace

// By the number that comes with a file handle, even where there is no room for the handle: one
// call, and since 2.6.39. procfs and its like have no handles, and Docker's profiles deny it.
static long MountByHandle(const Kernel& kernel, int fd) {
  struct {
    unsigned bytes;
    int type;
  } no_room = {};
  int mount = -1;
  const long result = kernel.Call<"name_to_handle_at">(fd, "", &no_room, &mount, AT_EMPTY_PATH);
  return result == -EOVERFLOW && mount >= 0 ? mount : -ENOSYS;
}

long MountOf(const Kernel& kernel, int fd) {
  const long by_handle = MountByHandle(kernel, fd);
  if (!IsError(by_handle)) return by_handle;
  constexpr char kKey[] = "\nmnt_id:";
  char text[256];
  const ProcPath path(kernel, "fdinfo", fd);
  const long size = ReadSome(kernel, path.text(), text, sizeof(text));
  if (size == -EMFILE || size == -ENFILE) return size;
  long matched = 0;
  for (long i = 0; i < size; ++i) {
    if (kKey[matched] != '\0') {
      matched = text[i] == kKey[matched] ? matched + 1 : text[i] == '\n';
      continue;
    }
    long id = 0;
    bool digits = false;
    for (; i < size && text[i] != '\n'; ++i) {
      if (text[i] < '0' || text[i] > '9') continue;
      id = id * 10 + (text[i] - '0');
      digits = true;
    }
    if (digits && i < size) return id;
  }
  return -ENOSYS;
}

int SettingOf(const Kernel& kernel, const char* path, int fd, int hidden) {
  char text[4];
  const long got = ReadSome(kernel, path, text, sizeof(text));
  if (got > 0 && text[0] >= '0' && text[0] <= '9') return text[0] - '0';
  return got == -ENOENT && HasProc(kernel, fd) ? 0 : hidden;
}

}  // namespace abishim::translate

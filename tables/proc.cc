// Reading /proc; see proc.h.
#include "tables/proc.h"

#include <linux/fcntl.h>

namespace abishim::translate {

long StatOf(const Kernel& kernel, int fd, KernelStat* stat) {
  const long error = kernel.Call<"newfstatat">(fd, "", stat, AT_EMPTY_PATH);
  return error == -EINVAL ? kernel.Call<"fstat">(fd, stat) : error;  // before 2.6.39
}

ProcPath::ProcPath(const Kernel& kernel, const char* folder, int fd) {
  Add("/proc/self/task/");
  Add(static_cast<unsigned long>(kernel.Call<"gettid">()));
  Add("/");
  Add(folder);
  Add("/");
  Add(static_cast<unsigned long>(fd));
  text_[size_] = '\0';
}

void ProcPath::Add(const char* text) {
  while (*text != '\0') text_[size_++] = *text++;
}

void ProcPath::Add(unsigned long number) {
  char digits[20];
  int count = 0;
  do {
    digits[count++] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  while (count > 0) text_[size_++] = digits[--count];
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

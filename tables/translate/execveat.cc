// execveat(2), Linux 3.19, by execve(2) of a name in /dev/fd: the very name that the kernel shows
// to the program, and to the interpreter of a script.
//
// The name is looked up twice, for the checks and by execve: who exchanges a file for a symbolic
// link in between has it followed in spite of AT_SYMLINK_NOFOLLOW. A descriptor of our own would
// settle that, but would stay behind where execve fails.
#include <linux/fcntl.h>

#include "tables/kernel.h"
#include "tables/proc.h"
#include "tables/translate/child.h"
#include "tables/translate/proc_fd.h"

namespace abishim::translate {
namespace {

constexpr Word kPathMax = 4096;  // with the NUL
constexpr Word kRoom = 32;       // for a descriptor's name

struct Path {
  char text[kRoom + kPathMax];
  Word start = kRoom;  // once it begins with the descriptor's name: less
  Word length = 0;     // of what the program gave, without the NUL

  char* Given() { return text + kRoom; }
  const char* Given() const { return text + kRoom; }
  const char* Whole() const { return text + start; }
  Word Bytes() const { return kRoom - start + length + 1; }
};

// Puts a name of the descriptor in front. It must be right before execve and after it, when the
// calling thread is the leader: /proc/self/task/TID is gone by then. Before, /proc/self is the
// leader's table: a host without thread-self (3.17) must show this very file there. -ENOSYS where
// no such name is to be had.
long NameByDescriptor(const Kernel& kernel, int fd, Path* path) {
  constexpr const char* kFolders[] = {"/proc/thread-self/fd/", "/dev/fd/", "/proc/self/fd/"};
  KernelStat file, named;
  if (IsError(StatOf(kernel, fd, &file))) return -ENOSYS;  // before 2.6.39
  const bool leader = kernel.Call<"gettid">() == kernel.Call<"getpid">();
  for (int i = leader ? 1 : 0; i < 3; ++i) {
    char name[kRoom];
    char* end = text::Append(text::Append(name, kFolders[i]), static_cast<Word>(fd));
    *end = '\0';
    if (IsError(kernel.Call<"newfstatat">(AT_FDCWD, name, &named, 0))) continue;
    if (!IsSameFile(file, named)) continue;
    if (path->length != 0) *end++ = '/';
    const Word size = static_cast<Word>(end - name);
    path->start = kRoom - size;
    __builtin_memcpy(path->text + path->start, name, size);
    return 0;
  }
  return -ENOSYS;
}

// Of a file that may not keep its name, by its first bytes: the interpreter of a script would not
// find it, ENOENT. 0 for another program, or one that execve itself finds wrong. Since 5.1 an
// interpreter's name that is cut off is ENOEXEC.
long CheckHead(const Kernel& kernel, long fd) {
  char head[256] = {};
  const long got = kernel.Call<"pread64">(fd, head, sizeof(head), 0);
  if (IsError(got)) return got;
  if (head[0] != '#' || head[1] != '!') return 0;
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  Word i = 2;
  while (i < sizeof(head) && is_blank(head[i])) ++i;
  if (i == sizeof(head) || head[i] == '\n') return 0;
  while (i < sizeof(head) && !is_blank(head[i]) && head[i] != '\n' && head[i] != '\0') ++i;
  return i < sizeof(head) ? -ENOENT : -ENOEXEC;
}

long CheckForScript(const Kernel& kernel, int fd, const Path& path) {
  if (path.length == 0) {
    const long error = CheckHead(kernel, fd);
    if (error != -EBADF) return error;  // O_PATH or O_WRONLY
  }
  // In a child, since closing a file drops the locks on it.
  return AskChild(kernel, [&]() -> long {
    constexpr int kFlags = O_RDONLY | O_NONBLOCK | O_CLOEXEC;
    const long opened = kernel.Call<"openat">(AT_FDCWD, path.Whole(), kFlags, 0);
    // What may not be read may yet be a program. A script's interpreter cannot read it either.
    if (opened == -EACCES) return 0;
    return IsError(opened) ? -ENOSYS : CheckHead(kernel, opened);
  });
}

// Where the effective ids are not the real ones, EACCES and ENOENT may be mixed up; so may ENOENT
// and what execve says of bad arguments, or of a file that is open for writing.
long CheckCloseOnExec(const Kernel& kernel, int fd, const Path& path) {
  if (!(kernel.Call<"fcntl">(fd, F_GETFD) & FD_CLOEXEC)) return 0;
  const long error = CheckForScript(kernel, fd, path);
  if (error != -ENOENT && error != -ENOEXEC) return error;
  constexpr int kExecute = 1;
  const long denied = kernel.Call<"faccessat">(AT_FDCWD, path.Whole(), kExecute);
  return IsError(denied) ? denied : error;
}

// What leads to no program takes no room among the names that are kept.
long CheckFile(const Kernel& kernel, int fd, const Path& path, int flags) {
  KernelStat file;
  flags = path.length == 0 ? AT_EMPTY_PATH : flags & AT_SYMLINK_NOFOLLOW;
  const long error = kernel.Call<"newfstatat">(fd, path.Given(), &file, flags);
  if (error == -EINVAL) return -ENOSYS;  // AT_EMPTY_PATH before 2.6.39
  if (IsError(error)) return error;
  if (IsType(file, kSymlink)) return -ELOOP;
  return IsType(file, kRegular) && (file.mode & 0111) != 0 ? 0 : -EACCES;
}

Result ExecuteByDescriptor(const Kernel& kernel, int fd, Path* path, const Args& args) {
  if (const long error = NameByDescriptor(kernel, fd, path)) return error;
  if (const long error = CheckCloseOnExec(kernel, fd, *path)) return error;
  if (path->Bytes() > kPathMax) return -ENAMETOOLONG;
  const Word kept = kernel.Keep(path->Whole(), path->Bytes());
  if (kept == 0) return -ENOSYS;
  return kernel.Reexecute<"execve">(kept, args[2], args[3]);
}

}  // namespace

Result execveat(Kernel& kernel, const Args& args) {
  const int fd = args.Int(0), flags = args.Int(4);
  Path path;
  const long length = kernel.CopyInString(args[1], path.Given(), kPathMax);
  if (IsError(length)) return length;
  if (length == 0 && !(flags & AT_EMPTY_PATH)) return -ENOENT;
  // AT_EXECVE_CHECK is one of them, as before 6.14.
  if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) return -EINVAL;

  path.length = static_cast<Word>(length);
  const bool by_descriptor = length == 0 || (fd != AT_FDCWD && *path.Given() != '/');
  if (by_descriptor || (flags & AT_SYMLINK_NOFOLLOW)) {
    if (const long error = CheckFile(kernel, fd, path, flags)) return error;
  }
  if (by_descriptor) return ExecuteByDescriptor(kernel, fd, &path, args);
  return kernel.Reexecute<"execve">(args[1], args[2], args[3]);
}

}  // namespace abishim::translate

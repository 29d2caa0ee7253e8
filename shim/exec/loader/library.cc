#include "shim/exec/loader/library.h"

#include <asm/statfs.h>
#include <linux/fcntl.h>
#include <linux/memfd.h>

#include "shim/exec/loader/fd_path.h"
#include "shim/image/image.h"
#include "shim/memory/host.h"
#include "shim/start/settings.h"
#include "tables/text.h"

// Linux 6.3.
#ifndef MFD_EXEC
#define MFD_EXEC 0x10
#endif

namespace abishim::exec {
namespace {

// Where the next way may still lead on.
bool IsNoWay(long error) {
  switch (error) {
    case -EACCES:
    case -EPERM:
    case -ENOENT:
    case -ENOTDIR:
    case -ELOOP:
    case -ENOEXEC:
    case -ENOSYS:
    case -EINVAL:
    case -ETXTBSY:
      return true;
    default:
      return false;
  }
}

long ExecuteInstalled(const Word* argv, const Word* envp) {
  const char* const path = start::g_settings.library;
  if (path[0] == '\0') return -ENOENT;
  const long fd = HostCall<"openat">(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
  if (IsError(fd)) return fd;
  const bool self = image::IsSelf(fd);
  HostCall<"close">(fd);
  return self ? HostCall<"execve">(path, argv, envp) : -ENOENT;
}

// The new program finds its file by /proc/self/exe; without a /proc by the descriptor, whose number
// the kernel tells it (AT_EXECFN): then, and only then, it must outlive the exec.
long ExecuteDescriptor(long fd, const Word* argv, const Word* envp) {
  const long proc = HostCall<"openat">(AT_FDCWD, "/proc/self/exe", O_PATH | O_CLOEXEC);
  if (IsError(proc)) {
    HostCall<"fcntl">(fd, F_SETFD, 0);
  } else {
    HostCall<"close">(proc);
  }
  const long error = HostCall<"execveat">(fd, "", argv, envp, AT_EMPTY_PATH);
  if (error != -ENOSYS && error != -EPERM) return error;
  return HostCall<"execve">(FdPath(fd).text, argv, envp);
}

long ExecuteMemfd(const Word* argv, const Word* envp) {
  long fd = HostCall<"memfd_create">("abishim", MFD_CLOEXEC | MFD_EXEC);
  if (fd == -EINVAL) fd = HostCall<"memfd_create">("abishim", MFD_CLOEXEC);
  if (IsError(fd)) return fd;
  long error = image::WriteTo(fd);
  if (!IsError(error)) error = ExecuteDescriptor(fd, argv, envp);
  HostCall<"close">(fd);
  return error;
}

// Nobody can execute what is open for writing, so the file is opened once more.
long ExecuteNamelessIn(const char* directory, const Word* argv, const Word* envp) {
  constexpr long kReadOnly = 1, kNoExec = 8;  // ST_RDONLY, ST_NOEXEC
  struct statfs fs;
  if (IsError(HostCall<"statfs">(directory, &fs))) return -ENOENT;
  if ((fs.f_flags & (kReadOnly | kNoExec)) != 0) return -EACCES;
  const long out =
      HostCall<"openat">(AT_FDCWD, directory, O_TMPFILE | O_EXCL | O_RDWR | O_CLOEXEC, 0700);
  if (IsError(out)) return out;
  long error = image::WriteTo(out);
  const long fd =
      IsError(error) ? error : HostCall<"openat">(AT_FDCWD, FdPath(out).text, O_RDONLY | O_CLOEXEC);
  HostCall<"close">(out);
  if (IsError(fd)) return fd;
  error = ExecuteDescriptor(fd, argv, envp);
  HostCall<"close">(fd);
  return error;
}

// Could anybody else put another file in its place?
bool IsTrusted(const char* directory) {
  arch::KernelStat stat;
  if (IsError(HostCall<"newfstatat">(AT_FDCWD, directory, &stat, 0))) return false;
  const bool owned = stat.uid == 0 || stat.uid == static_cast<unsigned>(HostCall<"geteuid">());
  constexpr unsigned kOthersWrite = 0022, kSticky = 01000;
  return owned && ((stat.mode & kOthersWrite) == 0 || (stat.mode & kSticky) != 0);
}

constexpr char kCopy[] = "/.abishim-loader-";

long ExecuteNamedIn(const char* directory, const Word* argv, const Word* envp) {
  if (!IsTrusted(directory)) return -EACCES;
  char name[64];
  char* end = text::Append(name, directory);
  end = text::Append(end, kCopy);
  end = text::Append(end, static_cast<Word>(HostCall<"gettid">()));
  *end = '\0';
  const long out = HostCall<"openat">(AT_FDCWD, name,
                                      O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0700);
  if (IsError(out)) return out;
  long error = image::WriteTo(out);
  HostCall<"close">(out);  // nobody can execute what is open for writing
  if (!IsError(error)) error = HostCall<"execve">(name, argv, envp);
  HostCall<"unlinkat">(AT_FDCWD, name, 0);
  return error;
}

constexpr char kDirectories[][9] = {"/dev/shm", "/run", "/tmp", "/var/tmp", "/"};

bool IsNoPlace(long error) {
  return IsNoWay(error) || error == -EISDIR || error == -EOPNOTSUPP || error == -EROFS ||
         error == -ENOSPC || error == -EEXIST;
}

}  // namespace

void RemoveCopy(const char* name) {
  for (const char* at = name; at != nullptr && *at != '\0'; ++at) {
    Word i = 0;
    while (kCopy[i] != '\0' && at[i] == kCopy[i]) ++i;
    if (kCopy[i] == '\0') HostCall<"unlinkat">(AT_FDCWD, name, 0);
  }
}

long ExecuteLibrary(const Word* argv, const Word* envp) {
  long error = ExecuteInstalled(argv, envp);
  if (!IsNoWay(error)) return error;
  error = ExecuteMemfd(argv, envp);
  if (!IsNoWay(error)) return error;
  for (const char* directory : kDirectories) {
    error = ExecuteNamelessIn(directory, argv, envp);
    if (!IsNoPlace(error)) return error;
  }
  for (const char* directory : kDirectories) {
    error = ExecuteNamedIn(directory, argv, envp);
    if (!IsNoPlace(error)) return error;
  }
  return -EACCES;
}

}  // namespace abishim::exec

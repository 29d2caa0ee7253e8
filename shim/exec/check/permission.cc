#include "shim/exec/check/permission.h"

#include <asm/statfs.h>
#include <linux/errno.h>
#include <linux/fcntl.h>

#include "shim/plan/mark.h"
#include "shim/plan/question.h"
#include "tables/lookup.h"
#include "tables/proc.h"

// Linux 6.14.
#ifndef AT_EXECVE_CHECK
#define AT_EXECVE_CHECK 0x10000
#endif

namespace abishim::exec {
namespace {

constexpr int kExecutable = 1;  // X_OK
// An address of the kernel's half: no program memory, whatever is mapped.
constexpr Word kBadPointer = ~Word{0} - 4095;

// -EINVAL: a kernel that does not know the question.
long ByExecveCheck(const Kernel& kernel, const Name& name) {
  const char* const argv[] = {"", nullptr};
  return kernel.Call<"execveat">(name.directory, name.path, argv, argv + 1,
                                 name.flags | AT_EXECVE_CHECK);
}

long ByBadArguments(const Kernel& kernel, const Name& name) {
  const bool plain = name.directory == AT_FDCWD && name.flags == 0;
  return plain ? kernel.Call<"execve">(name.path, kBadPointer, kBadPointer)
               : kernel.Call<"execveat">(name.directory, name.path, kBadPointer, kBadPointer,
                                         name.flags);
}

// Does this kernel open the file before it looks at argv? A directory cannot be executed.
bool OpensFirst(const Kernel& kernel, const Name& name) {
  const bool plain = name.directory == AT_FDCWD && name.flags == 0;
  const Name root{AT_FDCWD, reinterpret_cast<Word>("/"), plain ? 0 : AT_SYMLINK_NOFOLLOW};
  return ByBadArguments(kernel, root) == -EACCES;
}

long OfMount(const Kernel& kernel, int fd) {
  constexpr long kNoExec = 8;  // ST_NOEXEC; no flags before 2.6.36
  arch::KernelStat stat;
  struct statfs fs;
  const long error = translate::StatOf(kernel, fd, &stat);
  if (IsError(error)) return error;
  if (translate::IsType(stat, translate::kSymlink)) return -ELOOP;  // not to be followed
  if (!translate::IsType(stat, translate::kRegular)) return -EACCES;
  return !IsError(kernel.Call<"fstatfs">(fd, &fs)) && (fs.f_flags & kNoExec) != 0 ? -EACCES : 0;
}

// Is it open for writing? Such a file cannot have a read lease. The kernel gives that to a file's
// owner only; for anybody else nothing is found out. A writer that comes in between is told of to
// us, by a signal that nobody dies of.
bool HasWriter(const Kernel& kernel, const Name& name) {
  const long fd = kernel.Call<"openat">(name.directory, name.path, O_RDONLY | O_CLOEXEC);
  if (IsError(fd)) return false;
  constexpr int kSigurg = 23;
  kernel.Call<"fcntl">(fd, F_SETSIG, kSigurg);
  const long leased = kernel.Call<"fcntl">(fd, F_SETLEASE, F_RDLCK);
  if (leased == 0) kernel.Call<"fcntl">(fd, F_SETLEASE, F_UNLCK);
  kernel.Call<"close">(fd);
  return leased == -EAGAIN;
}

// A kernel with Landlock lets a restricted process map what it may not execute, and does not say
// that it is restricted.
bool IsRestricted(const Kernel& kernel) {
  return kernel.Call<"prctl">(kMagic, static_cast<Word>(Mark::kRestricted), 0, 0, 0) ==
         -long{kMarked};
}

long ByPermission(const Kernel& kernel, const Name& name) {
  if (IsRestricted(kernel)) return -EACCES;
  const bool empty = (name.flags & AT_EMPTY_PATH) != 0;
  const int nofollow = (name.flags & AT_SYMLINK_NOFOLLOW) != 0 ? O_NOFOLLOW : 0;
  char first = '\0';
  long fd = name.directory;
  const bool itself = empty && kernel.CopyIn(name.path, &first) && first == '\0';
  if (!itself) fd = kernel.Call<"openat">(name.directory, name.path, O_PATH | O_CLOEXEC | nofollow);
  if (IsError(fd)) return fd;
  long error = OfMount(kernel, static_cast<int>(fd));
  if (!itself) kernel.Call<"close">(fd);
  if (IsError(error)) return error;
  const int flags = AT_EACCESS | (itself ? AT_EMPTY_PATH : 0);
  const Args args{
      {static_cast<Word>(name.directory), name.path, kExecutable, static_cast<Word>(flags)}};
  error = kernel.Call<"faccessat2">(name.directory, name.path, kExecutable, flags);
  if (error == -ENOSYS || error == -EPERM) {
    Kernel again = kernel;
    error = translate::faccessat2(again, args).value;
  }
  if (IsError(error) || itself) return error;
  return HasWriter(kernel, name) ? -ETXTBSY : 0;
}

}  // namespace

long MayExecute(const Kernel& kernel, const Name& name) {
  long answer = ByExecveCheck(kernel, name);
  if (answer != -EINVAL && answer != -ENOSYS && answer != -EPERM) return answer;
  answer = ByBadArguments(kernel, name);
  if (answer != -EFAULT && answer != -ENOSYS && answer != -EPERM) return answer;
  if (answer == -EFAULT && OpensFirst(kernel, name)) return 0;
  return ByPermission(kernel, name);
}

}  // namespace abishim::exec

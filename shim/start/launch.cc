#include "shim/start/launch.h"

#include <linux/errno.h>
#include <linux/fcntl.h>

#include "shim/image/image.h"
#include "shim/memory/host.h"
#include "shim/start/preload.h"

namespace abishim::start {
namespace {

struct Reason {
  long error;
  char text[36];
};
// As strerror(3) has them: the command may have said the same before.
constexpr Reason kReasons[] = {
    {-ENOENT, "No such file or directory"},
    {-ENOTDIR, "Not a directory"},
    {-EACCES, "Permission denied"},
    {-EPERM, "Operation not permitted"},
    {-ENOEXEC, "Exec format error"},
    {-ETXTBSY, "Text file busy"},
    {-E2BIG, "Argument list too long"},
    {-ENOMEM, "Cannot allocate memory"},
    {-ELOOP, "Too many levels of symbolic links"},
};

void Say(const char* text) { HostCall<"write">(2, text, __builtin_strlen(text)); }

[[noreturn]] void Fail(const char* name, long error) {
  const bool missing = error == -ENOENT || error == -ENOTDIR;
  Say("abishim: ");
  Say(name);
  Say(missing ? ": not found: " : ": cannot execute: ");
  const char* why = "Input/output error";
  for (const Reason& reason : kReasons) {
    if (reason.error == error) why = reason.text;
  }
  Say(why);
  Say("\n");
  for (;;) HostCall<"exit_group">(missing ? 127 : 126);
}

// As bash decides: a NUL in the first line makes it no text.
bool IsText(const char* path) {
  const long fd = HostCall<"openat">(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
  if (IsError(fd)) return false;
  char head[128];
  const long bytes = HostCall<"read">(fd, head, sizeof(head));
  HostCall<"close">(fd);
  for (long i = 0; i < bytes && head[i] != '\n'; ++i) {
    if (head[i] == '\0') return false;
  }
  return bytes >= 0;
}

// Not through the tree's gate: where calls are trapped this one is, and so it takes the image
// along.
long Execute(const char* path, char** argv, char** envp) {
  return HostCall<"execve">(path, argv, envp);
}

}  // namespace

bool IsLaunch(const Word* stack) {
  const char* const name = stack[0] > 2 ? reinterpret_cast<const char*>(stack[1]) : "";
  Word i = 0;
  while (name[i] == kLauncher[i] && name[i] != '\0') ++i;
  return name[i] == kLauncher[i];
}

void Launch(Word* stack) {
  image::RelocateSelf();
  const Word argc = stack[0];
  char** const argv = reinterpret_cast<char**>(stack + 1);
  char** const envp = argv + argc + 1;
  Begin(argc, reinterpret_cast<Word>(argv), reinterpret_cast<Word>(envp), true);
  char* const path = argv[1];
  const char* const name = argv[2];
  long error = Execute(path, argv + 2, envp);
  if (error == -ENOEXEC && IsText(path)) {
    char shell[] = "sh";
    argv[1] = shell;
    argv[2] = path;
    error = Execute("/bin/sh", argv + 1, envp);
  }
  Fail(name, error);
}

}  // namespace abishim::start

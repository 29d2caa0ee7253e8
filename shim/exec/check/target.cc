#include "shim/exec/check/target.h"

#include <linux/errno.h>
#include <linux/fcntl.h>

#include "tables/text.h"
#include "tables/translate/proc_fd.h"

namespace abishim::exec {
namespace {

constexpr int kOpen = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;  // never waits for anybody

// The file itself once more: the program's descriptor may be O_PATH.
long Reopen(const Kernel& kernel, int fd) {
  translate::FdName named;
  const long error = translate::NameDescriptor(kernel, fd, &named);
  if (error == -EBADF) return error;
  if (!IsError(error)) return kernel.Call<"openat">(AT_FDCWD, named.text, kOpen);
  return kernel.Call<"fcntl">(fd, F_DUPFD_CLOEXEC, 0);  // no /proc: serves unless it is O_PATH
}

// A file that may be executed, open for reading. One that may be executed only is EACCES: nobody
// but the kernel could load it.
long OpenExecutable(const Kernel& kernel, const Name& name, bool itself) {
  const long error = MayExecute(kernel, name);
  if (IsError(error)) return error;
  if (itself) return Reopen(kernel, name.directory);
  const int nofollow = (name.flags & AT_SYMLINK_NOFOLLOW) != 0 ? O_NOFOLLOW : 0;
  return kernel.Call<"openat">(name.directory, name.path, kOpen | nofollow);
}

// Named by a file. To the kernel an empty name is the working directory here.
long OpenInterpreter(const Kernel& kernel, const char* name) {
  if (name[0] == '\0') return -EACCES;
  return OpenExecutable(kernel, {AT_FDCWD, reinterpret_cast<Word>(name), 0}, false);
}

long ReadHead(const Kernel& kernel, int fd, char (&head)[kHeadBytes]) {
  __builtin_memset(head, 0, sizeof(head));
  const long got = kernel.Call<"pread64">(fd, head, sizeof(head), 0);
  return IsError(got) ? got : 0;
}

struct Way {
  bool itself = false;         // the descriptor's own file
  bool by_descriptor = false;  // that, or a path from there on
};

// The name that the kernel gives the program.
long SetName(const Kernel& kernel, const Name& name, Found* found, Way* way) {
  char* end = found->name;
  const long length = kernel.CopyInString(name.path, end, kPathBytes);
  if (IsError(length)) return length;
  way->itself = length == 0 && (name.flags & AT_EMPTY_PATH) != 0;
  if (length == 0 && !way->itself) return -ENOENT;
  way->by_descriptor = name.directory != AT_FDCWD && found->name[0] != '/';
  if (!way->by_descriptor) return 0;
  end = text::Append(end, "/dev/fd/");
  end = text::Append(end, static_cast<Word>(name.directory));
  if (length > 0) {
    *end++ = '/';
    kernel.CopyInString(name.path, end, kPathBytes);
  } else {
    *end = '\0';
  }
  return 0;
}

// An interpreter cannot open a script below a descriptor that is closed by then.
bool IsOutOfReach(const Kernel& kernel, const Name& name) {
  const long flags = kernel.Call<"fcntl">(name.directory, F_GETFD);
  return !IsError(flags) && (flags & FD_CLOEXEC) != 0;
}

// The line `#! interpreter argument` goes before what stands there already: the kernel drops the
// first argument, which was the script's or the former interpreter's name.
void Put(const ScriptLine& line, const char* script, Found* found) {
  const int more = line.argument != nullptr ? 2 : 1;
  const int kept = found->fronts == 0 ? 0 : found->fronts - 1;
  for (int i = kept - 1; i >= 0; --i) {
    found->front[more + 1 + i] = found->front[found->fronts - kept + i];
  }
  found->front[0] = line.interpreter;
  if (line.argument != nullptr) found->front[1] = line.argument;
  found->front[more] = script;
  found->fronts = more + 1 + kept;
}

// An ELF file of ours, with its interpreter.
long TakeElf(const Kernel& kernel, int fd, Found* found) {
  long error = ReadElf(kernel, fd, &found->elf);
  if (IsError(error)) return error;
  char name[kPathBytes];
  const long length = InterpreterName(kernel, fd, found->elf, name);
  if (length <= 0) return length;
  const long opened = OpenInterpreter(kernel, name);
  if (IsError(opened)) return opened;
  found->interpreter = static_cast<int>(opened);
  Elf interpreter;
  return ReadInterpreter(kernel, found->interpreter, &interpreter);
}

}  // namespace

long Find(const Kernel& kernel, const Name& name, const char* instead, Found* found) {
  Way way;
  const long error = SetName(kernel, name, found, &way);
  if (IsError(error)) return error;
  Name next = name;
  if (instead != nullptr) {
    next = {AT_FDCWD, reinterpret_cast<Word>(instead), 0};
    way.itself = false;
  }
  const char* script = found->name;
  for (int depth = 0;; ++depth) {
    const long fd =
        depth == 0 ? OpenExecutable(kernel, next, way.itself) : OpenInterpreter(kernel, script);
    if (IsError(fd)) return fd;
    if (depth > Found::kScripts) {
      kernel.Call<"close">(fd);
      return -ELOOP;
    }
    found->program = static_cast<int>(fd);
    auto& head = found->head[depth];
    if (const long failed = ReadHead(kernel, found->program, head)) return failed;
    Elf64_Ehdr header;
    __builtin_memcpy(&header, head, sizeof(header));
    if (IsNative(header)) return TakeElf(kernel, found->program, found);
    Close(kernel, found);
    ScriptLine line;
    if (IsError(ParseScript(head, &line))) return 0;
    if (depth == 0 && way.by_descriptor && IsOutOfReach(kernel, name)) return -ENOENT;
    Put(line, script, found);
    script = line.interpreter;
  }
}

void Close(const Kernel& kernel, Found* found) {
  if (found->program >= 0) kernel.Call<"close">(found->program);
  if (found->interpreter >= 0) kernel.Call<"close">(found->interpreter);
  found->program = found->interpreter = -1;
}

}  // namespace abishim::exec

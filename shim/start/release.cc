#include "shim/start/release.h"

#include <linux/fcntl.h>
#include <linux/memfd.h>
#include <linux/utsname.h>

#include "shim/memory/host.h"
#include "shim/plan/filter.h"
#include "shim/start/settings.h"

namespace abishim::start {
namespace {

constexpr char kFiles[][32] = {"/proc/sys/kernel/osrelease", "/proc/version"};
constexpr Word kMostText = 1024;

bool TellsRelease(Word path_at) {
  char path[sizeof(kFiles[0])] = {};
  abishim_copy(path, reinterpret_cast<const void*>(path_at), sizeof(path) - 1);
  for (const auto& file : kFiles) {
    if (__builtin_memcmp(path, file, __builtin_strlen(file) + 1) == 0) return true;
  }
  return false;
}

struct Text {
  char bytes[kMostText + kReleaseBytes];
  Word length = 0;

  void Append(const char* more, Word count) {
    __builtin_memcpy(bytes + length, more, count);
    length += count;
  }
};

// The host's text with the release of `--uname` in the place of its own. False: that is not there.
bool Rename(const char* text, Word length, Text* renamed) {
  new_utsname host;
  if (IsError(HostCall<"uname">(&host))) return false;
  const Word old = __builtin_strlen(host.release);
  for (Word at = 0; at + old <= length; ++at) {
    if (__builtin_memcmp(text + at, host.release, old) != 0) continue;
    renamed->Append(text, at);
    renamed->Append(g_settings.release, __builtin_strlen(g_settings.release));
    renamed->Append(text + at + old, length - at - old);
    return true;
  }
  return false;
}

// A file with this text that nobody can change. -errno: none is to be had.
long MakeFile(const Text& text, const char* name, long close_on_exec) {
  const long fd =
      HostCall<"memfd_create">(name, MFD_ALLOW_SEALING | (close_on_exec ? MFD_CLOEXEC : 0));
  if (IsError(fd)) return fd;
  constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  const bool done =
      HostCall<"pwrite64">(fd, text.bytes, text.length, 0) == static_cast<long>(text.length) &&
      HostCall<"fcntl">(fd, F_ADD_SEALS, kSeals) == 0;
  if (done) return fd;
  HostCall<"close">(fd);
  return -EINVAL;
}

// The descriptor of the host's file becomes one of ours. Where that cannot be, it stays the host's.
void Replace(long fd, long flags) {
  char host[kMostText];
  Text text;
  const long got = HostCall<"pread64">(fd, host, kMostText, 0);
  if (IsError(got) || !Rename(host, static_cast<Word>(got), &text)) return;
  const long close_on_exec = flags & O_CLOEXEC;
  const long ours = MakeFile(text, "release", close_on_exec);
  if (IsError(ours)) return;
  HostCall<"dup3">(ours, fd, close_on_exec);
  HostCall<"close">(ours);
}

}  // namespace

// Any other file may be one whose opening waits, so the program's own instruction opens it: marked
// in the half of its flags that the kernel does not look at, it passes the filter. A filter of the
// program's might look there.
void OpenRelease(arch::Ucontext* u, long nr, const Args& args) {
  const int path = nr == NumberOf("openat") ? 1 : 0;
  // Empty where the shim came by LD_PRELOAD into an environment without ABISHIM_UNAME.
  const bool tells = g_settings.release[0] != '\0' && TellsRelease(args[path]);
  if (!tells && sandbox::g_kept.load(std::memory_order_relaxed) == 0) {
    const Word flags = args.Uint(path + 1);
    arch::SetArgument(u, path + 1, kOpensAnother | flags);
    arch::AtSyscallAgain(u, nr);
    return;
  }
  const long fd = sandbox::Original(nr, args);
  if (tells && !IsError(fd)) Replace(fd, args.Int(path + 1));
  arch::SetResult(u, fd);
}

}  // namespace abishim::start

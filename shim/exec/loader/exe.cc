#include "shim/exec/loader/exe.h"

#include <linux/fcntl.h>

#include "shim/exec/loader/fd_path.h"
#include "shim/image/image.h"
#include "shim/memory/host.h"
#include "shim/plan/bpf.h"
#include "shim/plan/filter.h"
#include "shim/plan/install.h"
#include "shim/plan/mark.h"
#include "shim/plan/question.h"
#include "shim/start/log.h"
#include "shim/start/settings.h"
#include "tables/proc.h"

namespace abishim::exec {
namespace {

constexpr char kLink[] = "/proc/self/exe";

// As the kernel would write it; empty: not started by the loader.
[[gnu::section(".bss.z")]] constinit char g_program[4096];

// Traps the two calls; one such filter serves the whole tree below, and says so.
long Watch() {
  using namespace bpf;
  Program p;
  const Label allow = p.Return(Allow());
  const Label trap = p.When(InBlock(kCaller, reinterpret_cast<Word>(abishim_gate_page), 4096),
                            allow, p.Return(bpf::Trap(kCookie | kTrapControl)));
  const Label answer = p.When(
      Is(Argument(0), kMagic),
      p.When(Is(Argument(1), static_cast<Word>(Mark::kReadLink)), p.Return(Errno(kMarked)), allow),
      allow);
  const Label numbers = p.IfEqual(
      NumberOf("readlink"), trap,
      p.IfEqual(NumberOf("readlinkat"), trap, p.IfEqual(NumberOf("prctl"), answer, allow)));
  const Label number = p.Load(Half::kNumber, numbers);
  p.Load(Half::kArch, p.IfEqual(arch::kAudit, number, allow));
  return InstallWithoutPromise(abishim_gate, p.begin(), p.length());
}

long Stat(int directory, Word path, int flags, arch::KernelStat* stat) {
  return HostCall<"newfstatat">(directory, path, stat, flags);
}
long Stat(const char* path, int flags, arch::KernelStat* stat) {
  return Stat(AT_FDCWD, reinterpret_cast<Word>(path), flags, stat);
}

// Nearly every name is told apart by its end. A few bytes at a time: this runs on small stacks.
bool EndsInExe(Word path) {
  char last[4] = {'/', '/', '/', '/'};
  char piece[32];
  for (Word at = path;;) {
    const Word want = sizeof(piece) - at % sizeof(piece);
    if (abishim_copy(piece, reinterpret_cast<const void*>(at), want) != 0) return false;
    for (Word i = 0; i < want; ++i) {
      if (piece[i] == '\0') return __builtin_memcmp(last, "/exe", sizeof(last)) == 0;
      last[0] = last[1], last[1] = last[2], last[2] = last[3], last[3] = piece[i];
    }
    at += want;
    if (at - path > sizeof(g_program)) return false;
  }
}

// Is it the link of this very process, by whatever name? The kernel may forget an unused inode
// between two looks, and number it anew.
bool IsOurLink(int directory, Word path) {
  if (g_program[0] == '\0' || !EndsInExe(path)) return false;
  for (int tries = 0; tries < 3; ++tries) {
    arch::KernelStat asked, ours;
    if (IsError(Stat(directory, path, AT_SYMLINK_NOFOLLOW, &asked))) return false;
    for (const char* name : {kLink, "/proc/thread-self/exe"}) {
      if (!IsError(Stat(name, AT_SYMLINK_NOFOLLOW, &ours)) && translate::IsSameFile(asked, ours))
        return true;
    }
  }
  return false;
}

// Other bytes of the same length are no reason to look into every program.
bool IsCopy(const arch::KernelStat& asked, const arch::KernelStat& ours, int directory, Word path,
            int flags) {
  if (asked.size != ours.size || !translate::IsType(asked, translate::kRegular)) return false;
  constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
  char first = '/';
  abishim_copy(&first, reinterpret_cast<const void*>(path), 1);
  const bool itself = (flags & AT_EMPTY_PATH) != 0 && first == '\0';
  const long fd = itself ? HostCall<"openat">(AT_FDCWD, FdPath(directory).text, kFlags)
                         : HostCall<"openat">(directory, path, kFlags);
  if (IsError(fd)) return false;
  const bool copy = image::IsSelf(fd);
  HostCall<"close">(fd);
  return copy;
}

long Answer(Word buffer, int size) {
  if (size <= 0) return -EINVAL;
  Word length = __builtin_strlen(g_program);
  if (length > static_cast<Word>(size)) length = static_cast<Word>(size);
  const bool copied = abishim_copy(reinterpret_cast<void*>(buffer), g_program, length) == 0;
  return copied ? static_cast<long>(length) : -EFAULT;
}

}  // namespace

void ShowProgram(long fd) {
  const long length =
      HostCall<"readlinkat">(AT_FDCWD, FdPath(fd).text, g_program, sizeof(g_program) - 1);
  g_program[length > 0 ? length : 0] = '\0';
  if (IsMarked(abishim_gate, Mark::kReadLink)) return;
  const long error = Watch();
  if (error == 0) return;
  start::Line()
      .Text("loader: /proc/self/exe shows the loader: errno ")
      .Number(-error)
      .Write(start::Log());
}

void ReadLink(arch::Ucontext* u, long nr, const Args& args) {
  const bool at = nr == NumberOf("readlinkat");
  const int directory = at ? args.Int(0) : AT_FDCWD;
  const int first = at ? 1 : 0;
  const Word path = args[first], buffer = args[first + 1];
  const int size = args.Int(first + 2);
  arch::SetResult(u, IsOurLink(directory, path)
                         ? Answer(buffer, size)
                         : HostCall<"readlinkat">(directory, path, buffer, size));
}

const char* ProgramBehind(int directory, Word path, int flags) {
  if (g_program[0] == '\0') return nullptr;
  arch::KernelStat asked, ours;
  if (IsError(Stat(directory, path, flags, &asked)) || IsError(Stat(kLink, 0, &ours))) {
    return nullptr;
  }
  const bool same =
      translate::IsSameFile(asked, ours) || IsCopy(asked, ours, directory, path, flags);
  return same ? g_program : nullptr;
}

}  // namespace abishim::exec

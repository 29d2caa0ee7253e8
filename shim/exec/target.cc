#include "shim/exec/target.h"

#include <linux/elf.h>
#include <linux/fcntl.h>

#include "shim/exec/loader/fd_path.h"
#include "shim/image/image.h"
#include "shim/memory/host.h"
#include "tracee.h"  // arch/ARCH

namespace abishim::exec {
namespace {

constexpr Word kHead = 256;   // of a script the kernel reads no more
constexpr int kScripts = 5;   // an interpreter may be a script; so deep the kernel goes
constexpr int kReadable = 4;  // R_OK

long Open(const Request& r) {
  const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  if ((r.flags & AT_EMPTY_PATH) != 0) {
    // The same file once more: the descriptor may be O_PATH, or at its end.
    return HostCall<"openat">(AT_FDCWD, FdPath(r.directory).text, flags);
  }
  return HostCall<"openat">(r.directory, r.path, flags);
}

// Does the program lie at fixed addresses that the image needs?
bool Collides(const Elf64_Ehdr& header, long fd) {
  if (header.e_type != ET_EXEC || header.e_phentsize != sizeof(Elf64_Phdr)) return false;
  const Word start = image::OwnBase(), end = start + image::Size();
  for (Word i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    const Word at = header.e_phoff + i * sizeof(segment);
    if (HostCall<"pread64">(fd, &segment, sizeof(segment), at) != sizeof(segment)) return false;
    if (segment.p_type != PT_LOAD) continue;
    if (segment.p_vaddr < end && segment.p_vaddr + segment.p_memsz > start) return true;
  }
  return false;
}

Target OfElf(const Elf64_Ehdr& header, long fd) {
  const bool ours = header.e_machine == arch::kElfMachine && header.e_ident[EI_CLASS] == ELFCLASS64;
  if (!ours) return Target::kForeign;
  return Collides(header, fd) ? Target::kCollides : Target::kOurs;
}

// `#! interpreter argument`: cuts the interpreter out of the line; null if there is none.
const char* Interpreter(char* head, Word bytes) {
  Word at = 2;
  while (at < bytes && (head[at] == ' ' || head[at] == '\t')) ++at;
  const Word start = at;
  while (at < bytes && head[at] != ' ' && head[at] != '\t' && head[at] != '\n' && head[at] != 0) {
    ++at;
  }
  if (at == start || at >= bytes) return nullptr;
  head[at] = '\0';
  return head + start;
}

// An LSM may forbid to open what may be executed (Landlock); ptrace does not mind that.
Target OfUnopened(const Request& r, long error) {
  if (error != -EACCES) return Target::kOurs;
  const long answer = HostCall<"faccessat">(r.directory, r.path, kReadable);
  return answer == -EACCES ? Target::kUnreadable : Target::kOurs;
}

}  // namespace

Target Look(const Request& request) {
  Request r = request;
  alignas(Elf64_Ehdr) char head[kHead];
  for (int depth = 0; depth <= kScripts; ++depth) {
    const long fd = Open(r);
    if (IsError(fd)) return OfUnopened(r, fd);
    const long bytes = HostCall<"pread64">(fd, head, sizeof(head), 0);
    const bool elf = bytes >= static_cast<long>(sizeof(Elf64_Ehdr)) &&
                     __builtin_memcmp(head, ELFMAG, SELFMAG) == 0;
    const Target target =
        elf ? OfElf(*reinterpret_cast<const Elf64_Ehdr*>(head), fd) : Target::kOurs;
    HostCall<"close">(fd);
    if (elf || bytes < 3 || head[0] != '#' || head[1] != '!') return target;
    const char* next = Interpreter(head, static_cast<Word>(bytes));
    if (next == nullptr) return Target::kOurs;
    // head stays as it is until the next file is open.
    r = {reinterpret_cast<Word>(next), 0, 0};
  }
  return Target::kOurs;  // ELOOP
}

}  // namespace abishim::exec

#include "shim/exec/target.h"

#include <linux/elf.h>
#include <linux/fcntl.h>

#include "shim/exec/loader/fd_path.h"
#include "shim/image/image.h"
#include "shim/memory/host.h"
#include "tracee.h"  // arch/ARCH

namespace abishim::exec {
namespace {

constexpr Word kHead = 1024;  // the program headers of nearly every program lie in here
constexpr Word kLine = 256;   // of a script the kernel reads no more
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

struct Head {
  long fd;
  Word bytes;  // how much of the file `at` holds
  alignas(Elf64_Ehdr) char at[kHead];

  const Elf64_Ehdr& elf() const { return *reinterpret_cast<const Elf64_Ehdr*>(at); }
  bool Read(Word from, void* to, Word size) const {
    if (from > bytes || size > bytes - from) {
      return HostCall<"pread64">(fd, to, size, from) == static_cast<long>(size);
    }
    __builtin_memcpy(to, at + from, size);
    return true;
  }
};

// Does the program lie at fixed addresses that the image needs?
bool Collides(const Head& head) {
  const Elf64_Ehdr& header = head.elf();
  if (header.e_type != ET_EXEC || header.e_phentsize != sizeof(Elf64_Phdr)) return false;
  const Word start = image::OwnBase(), end = start + image::Size();
  for (Word i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    if (!head.Read(header.e_phoff + i * sizeof(segment), &segment, sizeof(segment))) return false;
    if (segment.p_type != PT_LOAD) continue;
    if (segment.p_vaddr < end && segment.p_vaddr + segment.p_memsz > start) return true;
  }
  return false;
}

Target OfElf(const Head& head) {
  const Elf64_Ehdr& header = head.elf();
  const bool ours = header.e_machine == arch::kElfMachine && header.e_ident[EI_CLASS] == ELFCLASS64;
  if (!ours) return Target::kForeign;
  return Collides(head) ? Target::kCollides : Target::kOurs;
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
  Head head;
  for (int depth = 0; depth <= kScripts; ++depth) {
    head.fd = Open(r);
    if (IsError(head.fd)) return OfUnopened(r, head.fd);
    const long bytes = HostCall<"pread64">(head.fd, head.at, sizeof(head.at), 0);
    head.bytes = IsError(bytes) ? 0 : static_cast<Word>(bytes);
    const bool elf =
        head.bytes >= sizeof(Elf64_Ehdr) && __builtin_memcmp(head.at, ELFMAG, SELFMAG) == 0;
    const Target target = elf ? OfElf(head) : Target::kOurs;
    HostCall<"close">(head.fd);
    if (elf || head.bytes < 3 || head.at[0] != '#' || head.at[1] != '!') return target;
    const char* next = Interpreter(head.at, head.bytes < kLine ? head.bytes : kLine);
    if (next == nullptr) return Target::kOurs;
    // The head stays as it is until the next file is open.
    r = {reinterpret_cast<Word>(next), 0, 0};
  }
  return Target::kOurs;  // ELOOP
}

}  // namespace abishim::exec

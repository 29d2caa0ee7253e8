#include "shim/exec/check/elf.h"

#include <linux/errno.h>

namespace abishim::exec {
namespace {

// All of it: a file that ends before is EIO to the kernel.
long ReadAll(const Kernel& kernel, int fd, void* to, Word bytes, Word from) {
  Word done = 0;
  while (done < bytes) {
    const long got =
        kernel.Call<"pread64">(fd, static_cast<char*>(to) + done, bytes - done, from + done);
    if (IsError(got)) return got;
    if (got == 0) return -EIO;
    done += static_cast<Word>(got);
  }
  return 0;
}

bool HasMagic(const Elf64_Ehdr& header) {
  return __builtin_memcmp(header.e_ident, ELFMAG, SELFMAG) == 0;
}

long ReadSegments(const Kernel& kernel, int fd, Elf* elf) {
  const Elf64_Ehdr& header = elf->header;
  if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum == 0) return -ENOEXEC;
  if (header.e_phnum > Elf::kMost) return -ENOEXEC;
  const Word bytes = header.e_phnum * sizeof(Elf64_Phdr);
  return IsError(ReadAll(kernel, fd, elf->segment, bytes, header.e_phoff)) ? -ENOEXEC : 0;
}

}  // namespace

bool IsNative(const Elf64_Ehdr& header) {
  return HasMagic(header) && header.e_ident[EI_CLASS] == ELFCLASS64 &&
         header.e_machine == arch::kElfMachine;
}

long ReadElf(const Kernel& kernel, int fd, Elf* elf) {
  // Behind the end of the file the kernel sees zeros.
  elf->header = {};
  const long got = kernel.Call<"pread64">(fd, &elf->header, sizeof(elf->header), 0);
  if (IsError(got)) return got;
  const Elf64_Ehdr& header = elf->header;
  if (!HasMagic(header) || header.e_machine != arch::kElfMachine) return -ENOEXEC;
  if (header.e_type != ET_EXEC && header.e_type != ET_DYN) return -ENOEXEC;
  return ReadSegments(kernel, fd, elf);
}

long ReadInterpreter(const Kernel& kernel, int fd, Elf* elf) {
  const long error = ReadAll(kernel, fd, &elf->header, sizeof(elf->header), 0);
  if (IsError(error)) return error;
  const Elf64_Ehdr& header = elf->header;
  if (!HasMagic(header) || header.e_machine != arch::kElfMachine) return -ELIBBAD;
  return IsError(ReadSegments(kernel, fd, elf)) ? -ELIBBAD : 0;
}

long InterpreterName(const Kernel& kernel, int fd, const Elf& elf, char (&name)[kPathBytes]) {
  for (const Elf64_Phdr& segment : elf) {
    if (segment.p_type != PT_INTERP) continue;
    const Word bytes = segment.p_filesz;
    if (bytes > sizeof(name) || bytes < 2) return -ENOEXEC;
    const long error = ReadAll(kernel, fd, name, bytes, segment.p_offset);
    if (IsError(error)) return error;
    if (name[bytes - 1] != '\0') return -ENOEXEC;
    return static_cast<long>(bytes - 1);
  }
  return 0;
}

bool Collides(const Elf& elf, Word start, Word bytes) {
  if (!elf.fixed()) return false;
  for (const Elf64_Phdr& segment : elf) {
    if (segment.p_type != PT_LOAD || segment.p_memsz == 0) continue;
    const Word first = PageOf(segment.p_vaddr);
    Word behind;
    if (__builtin_add_overflow(segment.p_vaddr, segment.p_memsz, &behind)) behind = ~Word{0};
    if (first < start + bytes && behind > start) return true;
  }
  return false;
}

}  // namespace abishim::exec

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

bool Matters(const Elf64_Phdr& segment) {
  return segment.p_type == PT_LOAD || segment.p_type == PT_INTERP || segment.p_type == PT_GNU_STACK;
}

long ReadSegments(const Kernel& kernel, int fd, Elf* elf) {
  constexpr Word kMostBytes = 65536;  // of the table, in every kernel
  constexpr int kPiece = 16;
  const Elf64_Ehdr& header = elf->header;
  const Word bytes = header.e_phnum * sizeof(Elf64_Phdr);
  if (header.e_phentsize != sizeof(Elf64_Phdr) || bytes == 0 || bytes > kMostBytes) return -ENOEXEC;
  elf->segments = 0;
  Elf64_Phdr piece[kPiece];
  for (int at = 0; at < header.e_phnum; at += kPiece) {
    const int count = header.e_phnum - at < kPiece ? header.e_phnum - at : kPiece;
    const Word from = header.e_phoff + static_cast<Word>(at) * sizeof(Elf64_Phdr);
    const Word size = static_cast<Word>(count) * sizeof(Elf64_Phdr);
    if (IsError(ReadAll(kernel, fd, piece, size, from))) return -ENOEXEC;
    for (int i = 0; i < count; ++i) {
      if (!Matters(piece[i])) continue;
      if (elf->segments == Elf::kMost) return -ENOEXEC;
      elf->segment[elf->segments++] = piece[i];
    }
  }
  return 0;
}

}  // namespace

bool IsNative(const Elf64_Ehdr& header) {
  // The kernel does not look at the class. x32 programs have smaller headers.
  return HasMagic(header) && header.e_machine == arch::kElfMachine &&
         header.e_phentsize == sizeof(Elf64_Phdr);
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

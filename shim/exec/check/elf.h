// A program or its interpreter as an ELF file: what the kernel checks before the old program is
// gone.
#pragma once

#include <linux/elf.h>

#include "shim/memory/pages.h"
#include "tables/kernel.h"

namespace abishim::exec {

using memory::kPage, memory::PageOf, memory::PageUp;

struct Elf {
  static constexpr int kMost = 64;  // a program with more of them than that is refused

  Elf64_Ehdr header;
  Elf64_Phdr segment[kMost];  // those that matter: PT_LOAD, PT_INTERP, PT_GNU_STACK
  int segments = 0;

  const Elf64_Phdr* begin() const { return segment; }
  const Elf64_Phdr* end() const { return segment + segments; }
  bool fixed() const { return header.e_type == ET_EXEC; }
};

// Is it one for this architecture's native ABI? (Not, on x86-64, i386 and x32.)
bool IsNative(const Elf64_Ehdr& header);

// Reads the headers: 0 or the errno of an execve of such a program.
long ReadElf(const Kernel& kernel, int fd, Elf* elf);
// The same for an interpreter: ELIBBAD where a program is ENOEXEC.
long ReadInterpreter(const Kernel& kernel, int fd, Elf* elf);

// The path in the first PT_INTERP: its length, 0 if there is none, or -errno.
constexpr Word kPathBytes = 4096;
long InterpreterName(const Kernel& kernel, int fd, const Elf& elf, char (&name)[kPathBytes]);

// Does the program lie at addresses of its own that meet [start, start + bytes)?
bool Collides(const Elf& elf, Word start, Word bytes);

}  // namespace abishim::exec

// What an execve means: which files are opened for it, and with which arguments.
#pragma once

#include "shim/exec/check/elf.h"
#include "shim/exec/check/permission.h"
#include "shim/exec/check/script.h"

namespace abishim::exec {

// A program that was found, checked and opened. Large: some 10 KiB.
struct Found {
  static constexpr int kScripts = 5;  // so deep interpreters that are scripts themselves may be

  // Close-on-exec; -1: none. A program that no one but the kernel can load has none.
  int program = -1, interpreter = -1;
  Elf elf;
  // As the kernel names the program in AT_EXECFN: the path, or /dev/fd/N[/path].
  char name[kPathBytes + 32];
  // What stands before the program's own arguments, whose first is dropped if there is any.
  const char* front[2 * (kScripts + 1) + 1];
  int fronts = 0;
  char head[kScripts + 1][kHeadBytes];
};

// Follows `name` to an ELF file. 0, or the errno that execve gives. Where `found->program` stays
// -1 the file is for another architecture, or of a kind that only the kernel knows (binfmt_misc):
// the caller makes the plain call. To be closed in any case.
//
// `instead`: a path that leads to the file that `name` means; null: it leads there itself.
long Find(const Kernel& kernel, const Name& name, const char* instead, Found* found);
void Close(const Kernel& kernel, Found* found);

}  // namespace abishim::exec

// A static program of the years when the vsyscall page was called, executed in a tree whose plan
// did not have it in mind.
#pragma once

#include <linux/elf.h>

#include "tables/result.h"

namespace abishim::exec {

// By the first bytes of its file: static, and its ABI note asks for a Linux older than 3.2 (as
// those of glibc before 2.15 do).
bool IsOldStatic(const char* head, Word bytes);

// Shall its calls of the page be answered? Where it is such a program, the host is asked by a
// child.
bool WantsVsyscall(const char* head, Word bytes);

bool IsOlderTree();  // as `run --older` says, or a look
// Do a program's segments say that it may have code anywhere, and is the tree an old user
// space's? So kernels before 5.8 took it when PT_GNU_STACK was missing, or asked for code there.
template <class Segments>
bool HasCodeAnywhere(const Segments& segments) {
  unsigned stack = PF_X;
  for (const Elf64_Phdr& segment : segments) {
    if (segment.p_type == PT_GNU_STACK) stack = segment.p_flags;
  }
  return (stack & PF_X) != 0 && IsOlderTree();
}
// From now on what this thread and its children map to be read can be executed, too; and the stack.
void AllowCodeAnywhere(Word stack);

}  // namespace abishim::exec

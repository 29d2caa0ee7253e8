// A static program of the years when the vsyscall page was called, executed in a tree whose plan
// did not have it in mind.
#pragma once

#include "tables/result.h"

namespace abishim::exec {

// By the first bytes of its file: static, and its ABI note asks for a Linux older than 3.2 (as
// those of glibc before 2.15 do).
bool IsOldStatic(const char* head, Word bytes);

// Shall its calls of the page be answered? Where it is such a program, the host is asked by a
// child.
bool WantsVsyscall(const char* head, Word bytes);

}  // namespace abishim::exec

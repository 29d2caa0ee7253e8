// What the kernel knows of a program's memory besides its mappings: /proc/self/{auxv,cmdline,
// environ,stat}, and where the heap begins.
#pragma once

#include "shim/exec/loader/stack.h"

namespace abishim::exec {

// Tells the kernel (PR_SET_MM_MAP, 3.18, on kernels with checkpoint and restore). Where it does not
// take it the program's heap lies elsewhere and /proc shows the loader's vector. `environment_end`
// is where the program's environment ends.
void DescribeMemory(const Mapped& program, const Stack& stack, const char* environment_end);

}  // namespace abishim::exec

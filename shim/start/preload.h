// The way from the environment to the filter.
#pragma once

#include "tables/result.h"

namespace abishim::start {

// To be called once in a process, in the copy of the library that ld.so or the kernel mapped. The
// arguments of a constructor, which may be nonsense (musl). `asked`: a user said that this program
// shall have the shim, and is told where it cannot be.
void Begin(Word argc, Word argv, Word envp, bool asked);

}  // namespace abishim::start

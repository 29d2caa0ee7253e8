// The way from the environment to the filter.
#pragma once

#include "tables/result.h"

namespace abishim::start {

// To be called once in a process, in the copy of the library that ld.so or the kernel mapped. The
// arguments of a constructor, which may be nonsense (musl).
void Begin(Word argc, Word argv, Word envp);

}  // namespace abishim::start

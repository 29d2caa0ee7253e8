// `abishim run` without LD_PRELOAD: the library, executed, becomes the first program of a tree.
#pragma once

#include "tables/result.h"

namespace abishim::start {

// The command executes the library with these arguments: kLauncher, the program's file, and the
// program's own arguments from the zeroth on.
inline constexpr char kLauncher[] = "abishim run";

// Was the library executed so? `stack`: as the kernel starts a program.
bool IsLaunch(const Word* stack);

// Does what the constructor does, then executes the program. When that fails a line says so, and
// the exit status is the command's: 126, or 127 for what is not there.
[[noreturn]] void Launch(Word* stack);

}  // namespace abishim::start

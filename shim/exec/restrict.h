// Landlock: a program that may be mapped and not executed.
#pragma once

#include "registers.h"  // arch/ARCH
#include "tables/result.h"

namespace abishim::exec {

// The control of landlock_restrict_self(2): makes the call, and notes that it was made, for the
// loader (shim/exec/check/permission.h).
void RestrictSelf(arch::Ucontext* u, long nr, const Args& args);

}  // namespace abishim::exec

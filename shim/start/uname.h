// uname(2) with the release that `abishim run --uname` names: a control.
#pragma once

#include "registers.h"  // arch/ARCH
#include "tables/result.h"

namespace abishim::start {

void Uname(arch::Ucontext* u, long nr, const Args& args);

}  // namespace abishim::start

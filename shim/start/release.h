// /proc/sys/kernel/osrelease and /proc/version with the release that `abishim run --uname` names: a
// control of open(2) and openat(2), of which the filter hands over those that only read.
#pragma once

#include "registers.h"  // arch/ARCH
#include "tables/result.h"

namespace abishim::start {

void OpenRelease(arch::Ucontext* u, long nr, const Args& args);

}  // namespace abishim::start

// Controls: seccomp(2) and prctl(PR_SET_SECCOMP, PR_GET_SECCOMP).
#pragma once

#include "registers.h"  // arch/ARCH
#include "tables/result.h"

namespace abishim::sandbox {

void Seccomp(arch::Ucontext* u, long nr, const Args& args);
void Prctl(arch::Ucontext* u, long nr, const Args& args);

}  // namespace abishim::sandbox

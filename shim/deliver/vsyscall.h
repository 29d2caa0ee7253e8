// SIGSEGV: a call of the vsyscall page on a host that has none to call.
#pragma once

#include "registers.h"  // arch/ARCH
#include "tables/result.h"

namespace abishim::deliver {

// Called once at start; `vdso`: AT_SYSINFO_EHDR, 0 if the kernel maps none.
void StartVsyscall(Word vdso);

// Answers the call in the frame, as a function that has returned; true if that was it. Where a
// pointer of the program's is bad it is false, and `info` what the kernel tells the program then.
bool Vsyscall(arch::Siginfo* info, arch::Ucontext* u);

}  // namespace abishim::deliver

// The note by which the vDSO tells ld.so the version of the kernel.
#pragma once

#include "tables/result.h"

namespace abishim::start {

// It tells this release from now on, in this process's copy of the page. ld.so asks it before
// uname(2) (glibc before 2.36), says by it "FATAL: kernel too old", and leaves out libraries whose
// ABI note asks for more. `vdso`: AT_SYSINFO_EHDR.
void TellRelease(Word vdso, const char* release);

}  // namespace abishim::start

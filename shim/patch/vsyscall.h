// Calls of the vsyscall page that fault again and again get another address to call.
#pragma once

#include "tables/result.h"
#include "vsyscall_page.h"  // arch/ARCH

namespace abishim::patch {

// Such a call faulted and was answered; it returns to `caller`. Counts, and at the kOften'th time
// tries to patch it. To be called in the fault's handler, last.
void VsyscallFaulted(Word caller, arch::Vsyscall which, long nr);

// Has one of the page's addresses, in the file, become that of the entry that answers it?
bool IsPatchedAddress(const void* file, const void* text, Word bytes);

}  // namespace abishim::patch

// A call at a patched site: no trap, no handler, the program's own mask and stack.
#pragma once

#include "registers.h"  // arch/ARCH
#include "tables/result.h"

namespace abishim::deliver {

// Is there a way to make this call without a trap?
bool CanBeFast(long nr, bool control);

// Do these registers belong to the call of a patched site, while it does not keep signals out? Then
// a handler runs there as in the program's own code.
bool InOpenSite(const arch::Ucontext& u);

}  // namespace abishim::deliver

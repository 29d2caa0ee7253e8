// With ABISHIM_MODE=patch: calls of the program's own that change what is to be patched, or end it.
#pragma once

#include "registers.h"  // arch/ARCH
#include "tables/result.h"

namespace abishim::patch {

// Looks at the call in the frame: makes it and leaves its result there (kAnswered), or leaves it to
// the site's own instruction (0), like signals::Quick.
using Watch = long(arch::Ucontext*, const Args&);
Watch* WatchFor(long nr);  // null: it is none of them

}  // namespace abishim::patch

// Does this host answer calls of the vsyscall page?
#pragma once

#include "shim/plan/verdict.h"

namespace abishim {

// Only a trial tells, in a child that may die: a page that is listed, and may even be read, can be
// none to call (vsyscall=none on 3.10). kWorks, kMissing, or kNotAsked where no child could be had.
Answer ProbeVsyscall(RawCall call);

}  // namespace abishim

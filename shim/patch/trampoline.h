// Room for trampolines within the reach of a jump.
#pragma once

#include "tables/result.h"

namespace abishim::patch {

// A place that was never used before, for a site whose text begins at `text`; 0 where none is free.
// It belongs to that site for ever: a thread may stand in it when the site is long gone.
Word TakeSlot(Word site, Word text);
// Is this address in a trampoline?
bool IsSlot(Word address);

}  // namespace abishim::patch

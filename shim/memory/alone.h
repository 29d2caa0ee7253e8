// A page for secrets: see Host::alone in tables/kernel.h.
#pragma once

#include "tables/result.h"

namespace abishim::memory {

Word Alone(bool make);
// Had the parent such a page, which this fork child has not?
bool LostAlone();

}  // namespace abishim::memory

// The bytes of a call site.
#pragma once

#include "patch_site.h"  // arch/ARCH
#include "tables/result.h"

namespace abishim::patch {

// Those that end at `end`; *unknown: how many of them could not be read, as the text begins behind
// them. False: none.
bool ReadWindow(Word end, unsigned char (&to)[arch::kSiteWindow], int* unknown);

}  // namespace abishim::patch

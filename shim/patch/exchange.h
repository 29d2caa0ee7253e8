// A page of text is exchanged for one that has a jump in it, at once and for all threads.
#pragma once

#include "patch_site.h"  // arch/ARCH
#include "shim/memory/own.h"
#include "shim/patch/find.h"

namespace abishim::patch {

// Puts the jump at `at`, which is in `text`, and not across the end of a page. False: nothing was
// changed.
bool Exchange(const memory::Own& own, const Text& text, Word at, const arch::Jump& jump);

}  // namespace abishim::patch

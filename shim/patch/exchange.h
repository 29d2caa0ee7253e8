// A page of text is exchanged for one that has other bytes at one place, at once and for all
// threads.
#pragma once

#include "shim/memory/own.h"
#include "shim/patch/find.h"

namespace abishim::patch {

// Puts a jump or an entry's address at `at`, which is in `text`, and not across the end of a page.
// False: nothing was changed.
bool Exchange(const memory::Own& own, const Text& text, Word at, const void* bytes, Word count);

}  // namespace abishim::patch

// What becomes of one site: a trampoline, and the jump to it.
#pragma once

#include "patch_site.h"  // arch/ARCH
#include "shim/patch/attempt.h"
#include "shim/patch/exchange.h"

namespace abishim::patch {

// Makes the trampoline; the change that leads there is still to be made. kPatched, or why not.
Outcome MakeJump(const memory::Own& own, const Text& text, const arch::Site& site, Change* change);

}  // namespace abishim::patch

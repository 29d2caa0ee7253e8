// ABISHIM_MODE=patch: no filter and no trap. The sites of planned numbers are found before they
// run, at start and in whatever is mapped later.
#pragma once

#include "registers.h"  // arch/ARCH
#include "shim/plan/plan.h"
#include "tables/result.h"

namespace abishim::patch {

// Patches what there is, and says in one line of the log what it left.
void PatchAll(const Plan& plan);
// The same for what has just been mapped there. What is left is told once in a process.
void PatchRange(Word start, Word end);

}  // namespace abishim::patch

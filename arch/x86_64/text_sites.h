// x86-64: call sites in text that has not run yet. Includes nothing of ours.
#pragma once

#include "patch_site.h"

namespace abishim::arch {

// The first `syscall` instruction, or two bytes that look like one, from `at` on: its end; null:
// there is none before `end`.
const unsigned char* NextCall(const unsigned char* at, const unsigned char* end);

// The last of these numbers (those whose byte in `wanted` is not zero) that is loaded into the
// number's register in the kSiteWindow bytes `before`, as far as bytes tell it; -1: none is.
// `unknown` as for FindSite.
long LoadedNumber(const unsigned char* before, int unknown, const unsigned char* wanted,
                  int numbers);

// No number: FindSite then finds sites only that carry any number.
inline constexpr long kAnyNumber = 1l << 40;

}  // namespace abishim::arch

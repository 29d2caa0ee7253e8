// Call sites that trap again and again become jumps: README.md.
#pragma once

#include "abi.h"
#include "tables/result.h"

namespace abishim::patch {

// By number, for trampolines too: 0, or kFast and the flags of the call's trap (plan/filter.h) when
// it may be made without one; and kUntrapped where there is none (deliver/untrapped.h).
inline constexpr unsigned char kFast = 0x80, kUntrapped = 0x40;
extern unsigned char g_fast[arch::kNumbers];

// A call that could do without was trapped; `end` is behind its `syscall` instruction, `data` what
// the filter said. Counts, and at the kOften'th time tries to patch the site. To be called in the
// trap's handler, last.
inline constexpr unsigned kOften = 64;
void Trapped(Word end, long nr, const Args& args, unsigned data);

void ForgetOthers();  // in a fork child

}  // namespace abishim::patch

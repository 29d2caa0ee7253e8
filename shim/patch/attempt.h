// When a site is tried, and what came of it.
#pragma once

#include "tables/result.h"

namespace abishim::patch {

enum class Outcome {
  kPatched,
  kAlready,
  kShape,    // no bytes that can be exchanged
  kAcross,   // they cross the end of a page
  kMapping,  // not a private mapping of a file that has a name, or it is writable
  kReach,    // no room for a trampoline
  kRefused,  // the kernel lets nobody write, or the file cannot be opened
};

// Counts a trap of the site that ends here. True: it is time to try it.
bool IsDue(Word end);
// True: nobody else tries a site until EndAttempt. To be called where no handler can come between.
bool BeginAttempt();
void EndAttempt(Word end, long nr, Outcome outcome);

}  // namespace abishim::patch

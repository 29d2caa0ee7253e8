// When a site is tried, and what came of it.
#pragma once

#include "shim/memory/host.h"
#include "shim/signals/masks.h"

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

// Of many sites: waits for whoever tries one.
void BeginMany();
void EndMany();

// A handler that came in between and never returned would leave the attempt's lock behind.
class KeepOut {
 public:
  KeepOut() { HostCall<"rt_sigprocmask">(signals::kSigBlock, &signals::kKeptOut, &before_, 8); }
  ~KeepOut() { HostCall<"rt_sigprocmask">(signals::kSigSetmask, &before_, 0, 8); }
  KeepOut(const KeepOut&) = delete;
  KeepOut& operator=(const KeepOut&) = delete;

 private:
  Word before_ = 0;
};

}  // namespace abishim::patch

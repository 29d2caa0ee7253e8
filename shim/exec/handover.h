// What the image in the new program gets to know of the one before it.
#pragma once

#include "registers.h"  // arch/ARCH
#include "shim/start/settings.h"
#include "tables/result.h"

namespace abishim::exec {

struct Handover {
  static constexpr int kHelpers = 8;

  Word mask;            // the program's own, without those signals
  Word ignored;         // signals that the program ignores and that would be lost, as a mask
  Word blocked;         // the program's view of the signals that are never blocked in truth
  bool sigsys_pending;  // a SIGSYS waits for it
  bool named_tracer;    // PR_SET_PTRACER is to be taken back
  bool to_be_traced;    // PTRACE_TRACEME is to be said
  arch::Siginfo pending;
  // Children that wait() must not show: the helper, and those of threads that the exec ended.
  int helper[kHelpers];
  start::Settings settings;
};

// What the helper lays below the new program's stack pointer, and the image takes from there as
// soon as it has variables.
struct Parcel {
  Handover handover;
  Word entry, stack;  // where the program begins
};

// Where the image keeps it.
extern Handover g_handover;

}  // namespace abishim::exec

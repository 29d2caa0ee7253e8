// From the host's answers to the cheapest verdict per call.
#pragma once

#include "shim/plan/asked.h"

namespace abishim {

struct Plan {
  Verdict verdict[arch::kNumbers] = {};
  // Only where verdict is kTranslate: the host has the call but may lie, so try it first.
  bool host_has[arch::kNumbers] = {};
  // By kAskedFlags: the host has the call but not this flag. Uses of the call with it are
  // translated.
  bool lacks_flag[CountAskedFlags()] = {};
  bool translates = false;  // some verdict is kTranslate: handler, masks, exec need work
  bool empty = true;        // nothing to do: install nothing
  bool uname = false;       // uname(2) is trapped, too: `run --uname`
  bool vsyscall = false;    // calls of the vsyscall page are answered
};

// `traps`: by a filter, whose handler has to be kept, and which can tell flags of a call.
Plan MakePlan(const Answers& answers, Policy policy, bool traps = true);

// uname(2) is to be answered by us, whatever else is in the plan.
void AddUname(const Answers& answers, Plan* plan);
// So are calls of the vsyscall page, which this host does not answer (shim/plan/vsyscall.h).
void AddVsyscall(const Answers& answers, Plan* plan);

}  // namespace abishim

// From the host's answers to the cheapest verdict per call.
#pragma once

#include "abi.h"
#include "shim/plan/verdict.h"

namespace abishim {

struct Plan {
  Verdict verdict[arch::kNumbers] = {};
  // Only where verdict is kTranslate: the host has the call but may lie, so try it first.
  bool host_has[arch::kNumbers] = {};
  bool translates = false;  // some verdict is kTranslate: handler, masks, exec need work
  bool empty = true;        // nothing to do: install nothing
  bool uname = false;       // uname(2) is trapped, too: `run --uname`
  bool vsyscall = false;    // calls of the vsyscall page are answered
};

Plan MakePlan(const Answer (&answers)[arch::kNumbers], Policy policy);

// uname(2) is to be answered by us, whatever else is in the plan.
void AddUname(const Answer (&answers)[arch::kNumbers], Plan* plan);
// So are calls of the vsyscall page, which this host does not answer (shim/plan/vsyscall.h).
void AddVsyscall(const Answer (&answers)[arch::kNumbers], Plan* plan);

}  // namespace abishim

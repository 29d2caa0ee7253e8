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
};

Plan MakePlan(const Answer (&answers)[arch::kNumbers], Policy policy);

// uname(2) is to be answered by us, whatever else is in the plan.
void AddUname(const Answer (&answers)[arch::kNumbers], Plan* plan);

}  // namespace abishim

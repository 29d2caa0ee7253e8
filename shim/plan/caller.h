// Does this kernel tell a filter where a call is made? All that translates stands on it: our own
// calls pass by their place, the gate, and where they were trapped, too, the first trap would not
// end. User-mode Linux tells a place in itself (tests/kernels/README.md).
#pragma once

#include "shim/plan/verdict.h"
#include "tables/result.h"

namespace abishim {

// `near`: where `call` makes its calls, or an address in the same 2 MiB. kWorks, kWrong, or
// kNotAsked where no child could be had with a filter of its own. A copy of the process: 170 us.
Answer ProbeCaller(RawCall call, Word near);

// Is it worth that? User-mode Linux has its vDSO where a program's addresses end, or none.
constexpr bool MayMistakeCallers(Word vdso) {
  constexpr Word kPage = 4096, kUnit = Word{1} << 30;
  return vdso == 0 || (vdso + kPage) % kUnit == 0;
}

}  // namespace abishim

#include "shim/plan/vsyscall.h"

#include "shim/plan/child.h"
#include "vsyscall_page.h"  // arch/ARCH

namespace abishim {

Answer ProbeVsyscall(RawCall call) {
  const int status = AskInChild(call, [] { return arch::CallTimeOfVsyscallPage() > 0 ? 0 : 1; });
  if (status == -1) return Answer::kNotAsked;
  return status == 0 ? Answer::kWorks : Answer::kMissing;
}

}  // namespace abishim

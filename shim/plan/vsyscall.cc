#include "shim/plan/vsyscall.h"

#include <linux/errno.h>
#include <linux/prctl.h>
#include <linux/wait.h>

#include "tables/lookup.h"
#include "tables/result.h"
#include "vsyscall_page.h"  // arch/ARCH

namespace abishim {

Answer ProbeVsyscall(RawCall call) {
  const long child = call(NumberOf("clone"), 0, 0, 0, 0, 0, 0);
  if (child < 0) return Answer::kNotAsked;
  if (child == 0) {
    call(NumberOf("prctl"), PR_SET_DUMPABLE, 0, 0, 0, 0, 0);  // no core
    const bool works = arch::CallTimeOfVsyscallPage() > 0;
    for (;;) call(NumberOf("exit_group"), works ? 0 : 1, 0, 0, 0, 0, 0);
  }
  int status = -1;
  long reaped;
  do {
    reaped = call(NumberOf("wait4"), child, reinterpret_cast<long>(&status), __WALL, 0, 0, 0);
  } while (reaped == -EINTR);
  if (reaped != child) return Answer::kNotAsked;
  return status == 0 ? Answer::kWorks : Answer::kMissing;
}

}  // namespace abishim

// mlock2(2), Linux 4.4, by mlock(2), as old as x86-64.
#include "tables/kernel.h"

namespace abishim::translate {

// Re-executed: it faults every page in, which may take long and which a signal may interrupt.
Result mlock2(Kernel& kernel, const Args& args) {
  // Locking pages only once they are touched (MLOCK_ONFAULT) needs the kernel.
  if (args.Int(2) != 0) return -EINVAL;
  return kernel.Reexecute<"mlock">(args[0], args[1]);
}

}  // namespace abishim::translate

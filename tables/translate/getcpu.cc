// getcpu(2), a call of x86-64 since Linux 3.1, by what the vDSO has known since 2.6.19.
#include "abi.h"
#include "tables/kernel.h"

namespace abishim::translate {

Result getcpu(Kernel& kernel, const Args& args) {
  unsigned cpu, node;
  if (!arch::AskCpu(&cpu, &node)) return -ENOSYS;
  bool written = true;
  if (args[0] != 0) written = kernel.CopyOut(args[0], cpu);
  if (args[1] != 0) written = kernel.CopyOut(args[1], node) && written;
  return written ? 0 : -EFAULT;
}

}  // namespace abishim::translate

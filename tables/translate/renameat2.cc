// renameat2(2), Linux 3.15, by renameat(2), Linux 2.6.16.
#include "tables/kernel.h"

namespace abishim::translate {

// Any flag: EINVAL. For what is no valid combination that is the kernel's own answer, before it
// looks at the names; for the rest it is what file systems say that cannot do it, and callers fall
// back. Not to be dropped: without RENAME_NOREPLACE a file of someone else's would be overwritten.
Result renameat2(Kernel& kernel, const Args& args) {
  if (args.Uint(4) != 0) return -EINVAL;
  return kernel.Call<"renameat">(args.Int(0), args[1], args.Int(2), args[3]);
}

}  // namespace abishim::translate

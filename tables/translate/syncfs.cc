// syncfs(2), Linux 2.6.39, by sync(2).
#include <linux/fcntl.h>

#include "tables/kernel.h"

namespace abishim::translate {

// More is written out than was asked for, and an error of writing it goes unreported: sync(2) has
// no errors. Re-executed, as it may take long.
Result syncfs(Kernel& kernel, const Args& args) {
  const long flags = kernel.Call<"fcntl">(args.Int(0), F_GETFL);
  if (flags < 0) return flags;
  if (flags & O_PATH) return -EBADF;
  return kernel.Reexecute<"sync">();
}

}  // namespace abishim::translate

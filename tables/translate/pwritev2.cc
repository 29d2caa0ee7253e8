// pwritev2(2), Linux 4.6, by pwritev(2), Linux 2.6.30, and writev(2); its RWF_DSYNC and RWF_SYNC,
// Linux 4.7, by fdatasync(2) and fsync(2) afterwards.
#include <linux/stat.h>

#include "abi.h"
#include "tables/kernel.h"
#include "tables/translate/vectors.h"

namespace abishim::translate {
namespace {

// Only what lies on a disk can be written out, and writing to it does not wait for anybody, so that
// it may be done here. (Pipes, sockets and terminals do not look at the flags.)
bool LiesOnDisk(const Kernel& kernel, int fd) {
  arch::KernelStat stat;
  if (kernel.Call<"fstat">(fd, &stat) != 0) return false;
  return S_ISREG(stat.mode) || S_ISBLK(stat.mode);
}

}  // namespace

Result pwritev2(Kernel& kernel, const Args& args) {
  const unsigned flags = args.Uint(5);
  const bool here = FromHere(args);
  if (flags & ~(kHighPriority | kDataSync | kSync)) {
    return RefuseFlags(kernel, args,
                       here ? kernel.Call<"writev">(args[0], args[1], 0)
                            : kernel.Call<"pwritev">(args[0], args[1], 0, args[3], args[4]));
  }
  if ((flags & (kDataSync | kSync)) && LiesOnDisk(kernel, args.Int(0))) {
    const long written = here ? kernel.Call<"writev">(args[0], args[1], args[2])
                              : kernel.Call<"pwritev">(args[0], args[1], args[2], args[3], args[4]);
    if (written <= 0) return written;
    // More is written out than this write: all of the file. An error takes the place of the count,
    // as in the kernel. EINVAL: a file of sysfs or the like, which has nothing to write out.
    const long error =
        flags & kSync ? kernel.Call<"fsync">(args.Int(0)) : kernel.Call<"fdatasync">(args.Int(0));
    return error == 0 || error == -EINVAL ? written : error;
  }
  if (here) return kernel.Reexecute<"writev">(args[0], args[1], args[2]);
  return kernel.Reexecute<"pwritev">(args[0], args[1], args[2], args[3], args[4]);
}

}  // namespace abishim::translate

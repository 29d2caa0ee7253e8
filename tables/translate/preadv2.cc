// preadv2(2), Linux 4.6, by preadv(2), Linux 2.6.30, and readv(2).
#include "tables/kernel.h"
#include "tables/translate/vectors.h"

namespace abishim::translate {

Result preadv2(Kernel& kernel, const Args& args) {
  // The priority is a hint, and a read has nothing to write out. (Files that only have the oldest
  // read function, fewer with every kernel, would say EOPNOTSUPP to the latter.)
  constexpr unsigned kHarmless = kHighPriority | kDataSync | kSync;
  const bool here = FromHere(args);
  if (args.Uint(5) & ~kHarmless) {
    return RefuseFlags(kernel, args,
                       here ? kernel.Call<"readv">(args[0], args[1], 0)
                            : kernel.Call<"preadv">(args[0], args[1], 0, args[3], args[4]));
  }
  if (here) return kernel.Reexecute<"readv">(args[0], args[1], args[2]);
  return kernel.Reexecute<"preadv">(args[0], args[1], args[2], args[3], args[4]);
}

}  // namespace abishim::translate

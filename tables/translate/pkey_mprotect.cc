// pkey_mprotect(2), Linux 4.9, as on a CPU without protection keys: mprotect(2) for key -1.
#include "tables/kernel.h"

namespace abishim::translate {

Result pkey_mprotect(Kernel& kernel, const Args& args) {
  if (args.Int(3) == -1) return kernel.Call<"mprotect">(args[0], args[1], args[2]);
  // No other key is ever allocated. The kernel looks at the range first.
  constexpr Word kPage = 4096;
  if (const long error = kernel.Call<"mprotect">(args[0], 0, args[2])) return error;
  if (args[1] == 0) return 0;
  const Word length = (args[1] + kPage - 1) & ~(kPage - 1);
  return args[0] + length <= args[0] ? -ENOMEM : -EINVAL;
}

}  // namespace abishim::translate

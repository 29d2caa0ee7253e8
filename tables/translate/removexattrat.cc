// removexattrat(2), Linux 6.13, by removexattr(2), lremovexattr(2) and fremovexattr(2), Linux 2.6.
#include "tables/translate/attribute.h"

namespace abishim::translate {

Result removexattrat(Kernel& kernel, const Args& args) {
  if (const long error = CheckAtFlags(args)) return error;
  if (const long error = CheckAttributeName(kernel, args[3])) return error;
  return OnAttributes<Here::kIsBad, "removexattr", "lremovexattr", "fremovexattr">(kernel, args,
                                                                                   args[3]);
}

}  // namespace abishim::translate

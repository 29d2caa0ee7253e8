// listxattrat(2), Linux 6.13, by listxattr(2), llistxattr(2) and flistxattr(2), Linux 2.6.
#include "tables/translate/attribute.h"

namespace abishim::translate {

Result listxattrat(Kernel& kernel, const Args& args) {
  if (const long error = CheckAtFlags(args)) return error;
  return OnAttributes<Here::kIsBad, "listxattr", "llistxattr", "flistxattr">(kernel, args, args[3],
                                                                             args[4]);
}

}  // namespace abishim::translate

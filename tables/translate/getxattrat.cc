// getxattrat(2), Linux 6.13, by getxattr(2), lgetxattr(2) and fgetxattr(2), Linux 2.6.
#include "tables/translate/attribute.h"

namespace abishim::translate {

Result getxattrat(Kernel& kernel, const Args& args) {
  AttributeArgs with;
  if (const long error = CopyInExtensible(kernel, args[4], args[5], &with)) return error;
  if (with.flags != 0) return -EINVAL;
  if (const long error = CheckAtFlags(args)) return error;
  if (const long error = CheckAttributeName(kernel, args[3])) return error;
  return OnAttributes<Here::kIsAFile, "getxattr", "lgetxattr", "fgetxattr">(kernel, args, args[3],
                                                                            with.value, with.size);
}

}  // namespace abishim::translate

// setxattrat(2), Linux 6.13, by setxattr(2), lsetxattr(2) and fsetxattr(2), Linux 2.6.
#include <linux/xattr.h>

#include "tables/translate/attribute.h"

namespace abishim::translate {
namespace {

bool IsReadable(const Kernel& kernel, Word from, Word size) {
  char bytes[256];
  for (Word done = 0; done < size; done += sizeof bytes) {
    const Word want = size - done < sizeof bytes ? size - done : sizeof bytes;
    if (!kernel.CopyIn(from + done, bytes, want)) return false;
  }
  return true;
}

}  // namespace

Result setxattrat(Kernel& kernel, const Args& args) {
  constexpr unsigned kLargest = 65536;
  AttributeArgs with;
  if (const long error = CopyInExtensible(kernel, args[4], args[5], &with)) return error;
  if (const long error = CheckAtFlags(args)) return error;
  if (with.flags & ~(XATTR_CREATE | XATTR_REPLACE)) return -EINVAL;
  if (const long error = CheckAttributeName(kernel, args[3])) return error;
  if (with.size > kLargest) return -E2BIG;
  if (!IsReadable(kernel, with.value, with.size)) return -EFAULT;
  return OnAttributes<Here::kIsAFile, "setxattr", "lsetxattr", "fsetxattr">(
      kernel, args, args[3], with.value, with.size, with.flags);
}

}  // namespace abishim::translate

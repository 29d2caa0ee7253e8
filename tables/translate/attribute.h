// What the calls on extended attributes by directory and name (setxattrat and its kin, Linux 6.13)
// share: finding the file for the older calls, which know a name from the working directory, or a
// descriptor.
#pragma once

#include "tables/translate/extensible.h"
#include "tables/translate/proc_fd.h"

namespace abishim::translate {

struct AttributeArgs {  // struct xattr_args
  unsigned long value;
  unsigned size, flags;
};
static_assert(sizeof(AttributeArgs) == 16);

// The kernel looks at all else before it looks for the file, the older calls after it.
inline long CheckAtFlags(const Args& args) {
  return args.Uint(2) & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) ? -EINVAL : 0;
}
inline long CheckAttributeName(const Kernel& kernel, Word name) {
  constexpr Word kLongest = 255;
  char text[kLongest + 1];
  const long length = kernel.CopyInString(name, text, sizeof text);
  return length == 0 || length == -ENAMETOOLONG ? -ERANGE : length < 0 ? length : 0;
}

// Whether AT_EMPTY_PATH with AT_FDCWD means the working directory: to some of these calls it is a
// bad descriptor.
enum class Here { kIsAFile, kIsBad };

// Made of an older call in its three forms: by a name, by a name whose last link is not followed,
// and by a descriptor; each takes `rest` after that.
template <Here here, Name by_name, Name by_link, Name by_fd, class... A>
long OnAttributes(const Kernel& kernel, const Args& args, A... rest) {
  const int dirfd = args.Int(0);
  const unsigned flags = args.Uint(2);
  FdName name;
  // No name at all is as good as an empty one.
  if ((flags & AT_EMPTY_PATH) && (args[1] == 0 || IsEmptyString(kernel, args[1]))) {
    if (dirfd != AT_FDCWD || here == Here::kIsBad) return kernel.Call<by_fd>(dirfd, rest...);
    const long error = NameDescriptor(kernel, dirfd, &name);
    return error != 0 ? error : kernel.Call<by_name>(name.text, rest...);
  }
  char first = 0;
  if (dirfd == AT_FDCWD || (kernel.CopyIn(args[1], &first) && first == '/')) {
    return flags & AT_SYMLINK_NOFOLLOW ? kernel.Call<by_link>(args[1], rest...)
                                       : kernel.Call<by_name>(args[1], rest...);
  }
  const int no_follow = flags & AT_SYMLINK_NOFOLLOW ? O_NOFOLLOW : 0;
  const long fd = OpenPath(kernel, dirfd, args[1], no_follow);
  if (IsError(fd)) return fd;
  long result = NameDescriptor(kernel, static_cast<int>(fd), &name);
  if (result == 0) result = kernel.Call<by_name>(name.text, rest...);
  kernel.Call<"close">(fd);
  return result;
}

}  // namespace abishim::translate

// Structs that grow with the kernel's versions and come with their size.
#pragma once

#include "tables/kernel.h"

namespace abishim::translate {

inline constexpr Word kLargestStruct = 4096;

// 0, or why these bytes are not all zero: -E2BIG or -EFAULT.
inline long CheckZero(const Kernel& kernel, Word from, Word size) {
  char bytes[64];
  for (Word done = 0; done < size;) {
    const Word want = size - done < sizeof(bytes) ? size - done : sizeof(bytes);
    const Word got = kernel.CopyInSome(from + done, bytes, want);
    for (Word i = 0; i < got; ++i) {
      if (bytes[i] != 0) return -E2BIG;
    }
    if (got < want) return -EFAULT;
    done += got;
  }
  return 0;
}

// A later kernel's struct is fine if all that we do not know of it is zero.
template <class T>
long CopyInExtensible(const Kernel& kernel, Word from, Word size, T* to) {
  if (size < sizeof(T)) return -EINVAL;
  if (size > kLargestStruct) return -E2BIG;
  if (const long error = CheckZero(kernel, from + sizeof(T), size - sizeof(T))) return error;
  return kernel.CopyIn(from, to) ? 0 : -EFAULT;
}

}  // namespace abishim::translate

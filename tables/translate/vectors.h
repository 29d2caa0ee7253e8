// What preadv2 and pwritev2 share.
#pragma once

#include <linux/uio.h>

#include "tables/kernel.h"

namespace abishim::translate {

inline constexpr unsigned kHighPriority = 1, kDataSync = 2, kSync = 4;  // RWF_*, Linux 4.6 and 4.7

// The position says: where the file stands, like readv and writev. Where a register holds all of a
// position, the second half is not looked at.
inline bool FromHere(const Args& args) {
  return args[3] == ~Word{0} && (sizeof(Word) == 8 || args[4] == ~Word{0});
}

// The answer to a flag that needs a newer kernel. Linux says no to a flag last: after the
// descriptor, the position and the vectors, and not at all when there is nothing to transfer.
// `without_vectors` is what the older call answers to no vectors: it has checked the first two.
inline long RefuseFlags(const Kernel& kernel, const Args& args, long without_vectors) {
  constexpr Word kMostVectors = 1024, kMostBytes = 0x7ffff000;
  if (without_vectors != 0) return without_vectors;
  const unsigned count = args.Uint(2);  // the kernel too looks at the lower half only
  if (count > kMostVectors) return -EINVAL;
  bool nothing = true, bad = false;
  for (unsigned i = 0; i < count; ++i) {
    iovec vector;
    if (!kernel.CopyIn(args[1] + i * sizeof vector, &vector)) return -EFAULT;
    if (static_cast<long>(vector.iov_len) < 0) return -EINVAL;
    Word bytes = vector.iov_len;
    if (count == 1 && bytes > kMostBytes) bytes = kMostBytes;
    const Word base = reinterpret_cast<Word>(vector.iov_base);
    bad = bad || base > base + bytes || static_cast<long>(base + bytes) < 0;
    nothing = nothing && bytes == 0;
  }
  if (bad) return -EFAULT;
  return nothing ? 0 : -EOPNOTSUPP;
}

}  // namespace abishim::translate

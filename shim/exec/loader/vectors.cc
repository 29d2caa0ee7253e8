#include "shim/exec/loader/vectors.h"

#include <linux/mman.h>

#include "shim/memory/host.h"

namespace abishim::exec {
namespace {

constexpr long kMost =
    1 << 20;  // 8 MiB of pointers; the kernel's limit is 6 MiB with their strings

bool CopyInWords(Word from, Word* to, long count) {
  return abishim_copy(to, reinterpret_cast<const void*>(from),
                      static_cast<Word>(count) * sizeof(Word)) == 0;
}

}  // namespace

long CountPointers(Word array) {
  if (array == 0) return 0;
  for (long count = 0; count < kMost; ++count) {
    Word pointer;
    if (!CopyIn(array + static_cast<Word>(count) * sizeof(Word), &pointer)) return -EFAULT;
    if (pointer == 0) return count;
  }
  return -E2BIG;
}

Vectors::~Vectors() {
  if (mapped_ != 0) HostCall<"munmap">(room_, mapped_);
}

long Vectors::Reserve(Word words) {
  if (words <= kHere) return 0;
  const Word bytes = words * sizeof(Word);
  const long at =
      HostCall<"mmap">(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (IsError(at)) return at;
  room_ = reinterpret_cast<Word*>(at);
  mapped_ = bytes;
  return 0;
}

long Vectors::Build(Word argv, Word envp, const char* const* front, int fronts, const char* more) {
  const long arguments = CountPointers(argv), entries = CountPointers(envp);
  if (IsError(arguments)) return arguments;
  if (IsError(entries)) return entries;
  const long kept = arguments > 0 ? arguments - 1 : 0;
  const Word words =
      static_cast<Word>(entries) + 2 + (fronts > 0 ? static_cast<Word>(fronts + kept) + 1 : 0);
  if (const long error = Reserve(words)) return error;

  Word* at = room_;
  envp_ = at;
  if (!CopyInWords(envp, at, entries)) return -EFAULT;
  at += entries;
  *at++ = reinterpret_cast<Word>(more);
  *at++ = 0;
  argv_ = reinterpret_cast<const Word*>(argv);
  if (fronts == 0) return 0;

  argv_ = at;
  for (int i = 0; i < fronts; ++i) *at++ = reinterpret_cast<Word>(front[i]);
  if (!CopyInWords(argv + (arguments - kept) * sizeof(Word), at, kept)) return -EFAULT;
  at[kept] = 0;
  return 0;
}

}  // namespace abishim::exec

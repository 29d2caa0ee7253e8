// mmap(2) with MAP_FIXED_NOREPLACE, Linux 4.17, by the address as a hint: an older kernel goes
// elsewhere where something is.
#include <linux/mman.h>

#include "tables/kernel.h"

namespace abishim::flags {
namespace {

constexpr Word kPage = 4096, kHugePage = Word{2} << 20, kGiganticPage = Word{1} << 30;

// Only as a whole can a huge page be unmapped; what is cut off by less is refused.
void Unmap(const Kernel& kernel, Word at, Word bytes) {
  for (const Word page : {kPage, kHugePage, kGiganticPage}) {
    if (kernel.Call<"munmap">(at, (bytes + page - 1) & ~(page - 1)) != -EINVAL) return;
  }
}

}  // namespace

// MAP_FIXED beside it changes nothing natively, and would replace here. MAP_SHARED_VALIDATE knows
// none of the two flags.
Result mmap(Kernel& kernel, const Args& args) {
  const Word at = args[0], bytes = args[1];
  if ((args[3] & MAP_TYPE) == MAP_SHARED_VALIDATE) return -EOPNOTSUPP;
  const Word flags = args[3] & ~Word{MAP_FIXED_NOREPLACE | MAP_FIXED | arch::kMapAreas};
  const long got = kernel.Call<"mmap">(at, bytes, args[2], flags, args[4], args[5]);
  if (IsError(got) || static_cast<Word>(got) == at) return got;
  Unmap(kernel, static_cast<Word>(got), bytes);
  if (bytes > arch::kAddressesEnd || at > arch::kAddressesEnd - bytes) return -ENOMEM;
  return at % kPage != 0 ? -EINVAL : -EEXIST;
}

}  // namespace abishim::flags

// pkey_alloc(2), Linux 4.9, as on a CPU without protection keys.
#include "tables/kernel.h"

namespace abishim::translate {

Result pkey_alloc(Kernel&, const Args& args) {
  constexpr Word kRights = 3;  // PKEY_DISABLE_ACCESS | PKEY_DISABLE_WRITE
  return args[0] != 0 || (args[1] & ~kRights) ? -EINVAL : -ENOSPC;
}

}  // namespace abishim::translate

// pkey_alloc(2), Linux 4.9, as on a CPU without protection keys.
#include "tables/kernel.h"

namespace abishim::translate {

Result pkey_alloc(Kernel&, const Args&) { return -EINVAL; }

}  // namespace abishim::translate

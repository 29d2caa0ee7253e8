// pkey_free(2), Linux 4.9, as on a CPU without protection keys: none can have been allocated.
#include "tables/kernel.h"

namespace abishim::translate {

Result pkey_free(Kernel&, const Args&) { return -EINVAL; }

}  // namespace abishim::translate

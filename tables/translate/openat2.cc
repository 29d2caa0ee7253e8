// openat2(2): being written.
#include "tables/kernel.h"

namespace abishim::translate {

Result openat2(Kernel&, const Args&) { return -ENOSYS; }

}  // namespace abishim::translate

// prlimit64(2): being written.
#include "tables/kernel.h"

namespace abishim::translate {

Result prlimit64(Kernel&, const Args&) { return -ENOSYS; }

}  // namespace abishim::translate

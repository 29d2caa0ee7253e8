// execveat(2): being written.
#include "tables/kernel.h"

namespace abishim::translate {

Result execveat(Kernel&, const Args&) { return -ENOSYS; }

}  // namespace abishim::translate

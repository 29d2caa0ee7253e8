// memfd_create(2): being written.
#include "tables/kernel.h"

namespace abishim::translate {

Result memfd_create(Kernel&, const Args&) { return -ENOSYS; }

}  // namespace abishim::translate

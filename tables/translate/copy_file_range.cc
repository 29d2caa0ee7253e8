// copy_file_range(2): being written.
#include "tables/kernel.h"

namespace abishim::translate {

Result copy_file_range(Kernel&, const Args&) { return -ENOSYS; }

}  // namespace abishim::translate

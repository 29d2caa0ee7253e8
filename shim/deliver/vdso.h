// The kernel's own functions, which it maps into every program.
#pragma once

#include "tables/result.h"

namespace abishim::deliver {

// The address of the function of this name in the image that AT_SYSINFO_EHDR names; 0: none.
Word FindInVdso(Word image, const char* name);

}  // namespace abishim::deliver

// A call at a patched site with ABISHIM_MODE=patch: there is no trap to go back to.
#pragma once

#include "registers.h"  // arch/ARCH

namespace abishim::deliver {

// What abishim_on_site gives back.
long ServeUntrapped(arch::Ucontext* u);

}  // namespace abishim::deliver

// From a call that was caught to its translation, whatever caught it.
#pragma once

#include "registers.h"  // arch/ARCH
#include "tables/result.h"

namespace abishim::deliver {

struct Flags {
  bool host_has = false;  // the host has the call but may lie: row.host_may_lie
  bool flag = false;      // it has the call, but not one of its flags: tables/flags.h
};

// What the program shall get. ENOSYS for a call without a translation. `alternate`: the alternate
// stack of the thread, in whose handler this runs.
Result Dispatch(long nr, const Args& args, const arch::AltStack& alternate, Flags flags);

}  // namespace abishim::deliver

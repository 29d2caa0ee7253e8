// From a call that was caught to its translation, whatever caught it.
#pragma once

#include "registers.h"  // arch/ARCH
#include "tables/kernel.h"

namespace abishim::deliver {

struct Flags {
  bool host_has = false;  // the host has the call but may lie: row.host_may_lie
  bool flag = false;      // it has the call, but not one of its flags: tables/flags.h
};

// Where a translation that needs it finds room.
struct Room {
  const arch::AltStack* alternate = nullptr;  // of the thread, in whose handler this runs
  Before* before = nullptr;                   // at a patched site instead: what keeps handlers out
};

// What the program shall get. ENOSYS for a call without a translation.
Result Dispatch(long nr, const Args& args, const Room& room, Flags flags);

// May this call be made at a patched site?
bool MayBePatched(long nr);

}  // namespace abishim::deliver

// rt_sigprocmask and rt_sigaction at a patched site: the real call with a copy that was looked at.
#pragma once

#include "registers.h"
#include "tables/result.h"

namespace abishim::signals {

// Has the entry make the call, with the arguments as they are changed here; or leave by it. Or does
// nothing, and then it is for the trap: 0, where SIGSYS or another signal of ours is concerned.
// What deliver::abishim_on_site gives back.
using Quick = long(arch::Ucontext*, Args*);

// Null: there is none for this call.
Quick* QuickFor(long nr);

// Can eight bytes be read there? Without touching them: SIGSEGV may be blocked.
bool KernelCanRead(Word at);

}  // namespace abishim::signals

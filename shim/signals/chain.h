// A signal of ours that is not for us: the program must find it as if we were not there.
#pragma once

#include "registers.h"
#include "tables/result.h"

namespace abishim::signals {

// What the entry does next: jump to this handler of the program's (0: return from the signal).
// `return_slot` is where the handler's return address stands.
Word Chain(int signal, arch::Siginfo* info, arch::Ucontext* u, Word* return_slot);

}  // namespace abishim::signals

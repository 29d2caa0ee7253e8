// Where the kernel's signals arrive (arch/ARCH/signal_entry.S): whose are they?
#include "shim/deliver/fault.h"
#include "shim/deliver/trap.h"
#include "shim/deliver/vsyscall.h"
#include "shim/signals/chain.h"
#include "shim/signals/masks.h"

namespace abishim::deliver {

extern "C" [[gnu::visibility("hidden")]] Word abishim_on_signal(int signal, arch::Siginfo* info,
                                                                arch::Ucontext* u,
                                                                Word* return_slot) {
  const bool ours = signal == signals::kSigsys ? Trap(info, u)
                    : FaultInCopy(u)           ? true
                                               : signal == signals::kSigsegv && Vsyscall(info, u);
  // Our action may mirror the program's, restorer included; ours goes through the gate.
  *return_slot = reinterpret_cast<Word>(&abishim_restorer);
  return ours ? 0 : signals::Chain(signal, info, u, return_slot);
}

}  // namespace abishim::deliver

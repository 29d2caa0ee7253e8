#include "shim/exec/restrict.h"

#include "shim/memory/host.h"
#include "shim/plan/mark.h"

namespace abishim::exec {

// The mark comes first: where it cannot be set the call would be refused as well (both want
// NO_NEW_PRIVS or a capability). A call that then fails leaves it behind, on the safe side.
void RestrictSelf(arch::Ucontext* u, long, const Args& args) {
  constexpr int kBadDescriptor = -1;
  const bool there = HostCall<"landlock_restrict_self">(kBadDescriptor, 0) != -ENOSYS;
  if (there && !IsMarked(abishim_gate, Mark::kRestricted)) {
    SetMark(abishim_gate, Mark::kRestricted);
  }
  arch::SetResult(u, HostCall<"landlock_restrict_self">(args[0], args[1]));
}

}  // namespace abishim::exec

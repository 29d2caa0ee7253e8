#include "shim/start/uname.h"

#include <linux/utsname.h>

#include "shim/memory/host.h"
#include "shim/start/settings.h"

namespace abishim::start {

void Uname(arch::Ucontext* u, long, const Args& args) {
  new_utsname name;
  static_assert(sizeof(name.release) == kReleaseBytes);
  long result = HostCall<"uname">(&name);
  // Empty where the shim came by LD_PRELOAD into an environment without ABISHIM_UNAME.
  if (g_settings.release[0] != '\0') {
    __builtin_memcpy(name.release, g_settings.release, sizeof(name.release));
  }
  if (!IsError(result) && !CopyOut(args[0], name)) result = -EFAULT;
  arch::SetResult(u, result);
}

}  // namespace abishim::start

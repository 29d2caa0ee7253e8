// memfd_create(2) with MFD_EXEC, Linux 6.3, by memfd_create(2) as it was before: every descriptor
// could be executed.
#include "tables/kernel.h"

namespace abishim::flags {

Result memfd_create(Kernel& kernel, const Args& args) {
  constexpr unsigned kExec = 0x10;
  return kernel.Call<"memfd_create">(args[0], args.Uint(1) & ~kExec);
}

}  // namespace abishim::flags

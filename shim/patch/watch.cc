#include "shim/patch/watch.h"

#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>

#include "shim/memory/host.h"
#include "shim/memory/pages.h"
#include "shim/patch/attempt.h"
#include "shim/patch/patch.h"
#include "shim/patch/scan.h"
#include "shim/plan/filter.h"

namespace abishim::patch {
namespace {

// The text of a library that is loaded while the program runs.
long WatchMmap(arch::Ucontext* u, const Args& args) {
  if ((args.Int(2) & PROT_EXEC) == 0 || (args.Int(3) & MAP_ANONYMOUS) != 0) return 0;
  const long at = HostCall<"mmap">(args[0], args[1], args[2], args[3], args[4], args[5]);
  arch::SetResult(u, at);
  if (!IsError(at)) {
    const Word start = static_cast<Word>(at);
    PatchRange(start, start + memory::PageUp(args[1]));
  }
  return arch::kAnswered;
}

// A filter of the program's would be asked for calls that the program did not make. From here on
// calls are the host's; but an errno in place of a wrong one takes no call.
void Retire() {
  for (unsigned char& fast : g_fast) {
    if ((fast & kTrapRepair) == 0) fast = 0;
  }
}

long WatchSeccomp(arch::Ucontext*, const Args& args) {
  const unsigned operation = args.Uint(0);
  const bool filter = operation == SECCOMP_SET_MODE_FILTER && args[2] != 0;
  if (filter || operation == SECCOMP_SET_MODE_STRICT) Retire();
  return 0;
}

long WatchPrctl(arch::Ucontext*, const Args& args) {
  const bool filter = args[1] == SECCOMP_MODE_FILTER && args[2] != 0;
  if (args.Int(0) == PR_SET_SECCOMP && (filter || args[1] == SECCOMP_MODE_STRICT)) Retire();
  return 0;
}

}  // namespace

Watch* WatchFor(long nr) {
  if (nr == NumberOf("mmap")) return WatchMmap;
  if (nr == NumberOf("seccomp")) return WatchSeccomp;
  return nr == NumberOf("prctl") ? WatchPrctl : nullptr;
}

}  // namespace abishim::patch

#include "shim/start/agent.h"

#include "shim/memory/host.h"
#include "shim/signals/actions.h"
#include "shim/signals/alternate_stack.h"
#include "shim/signals/masks.h"
#include "shim/signals/thread.h"

namespace abishim::start {
namespace {

constinit Stats* g_stats;

// The thread's SIGSYS must not be blocked from here on; whether it was is the program's view.
bool UnblockSigsys() {
  const Word sigsys = signals::Bit(signals::kSigsys);
  Word old = 0;
  HostCall<"rt_sigprocmask">(signals::kSigUnblock, &sigsys, &old, 8);
  return (old & sigsys) != 0;
}

}  // namespace

void Awake(const Boot& boot) {
  g_stats = boot.stats;
  signals::StartAlternateStacks(boot.frame_bytes);
  signals::StartMasks();
  signals::StartThreads(UnblockSigsys());
  signals::StartActions();
}

void Count(long nr, bool repaired) {
  if (g_stats == nullptr) return;
  repaired ? g_stats->CountRepair(nr) : g_stats->CountTrap(nr);
}

}  // namespace abishim::start

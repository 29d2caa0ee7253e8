#include "shim/start/agent.h"

#include "shim/signals/actions.h"
#include "shim/signals/alternate_stack.h"
#include "shim/signals/masks.h"
#include "shim/signals/thread.h"

namespace abishim::start {
namespace {

constinit Stats* g_stats;

}  // namespace

void Awake(const Boot& boot) {
  g_stats = boot.stats;
  signals::StartAlternateStacks(boot.frame_bytes);
  signals::StartMasks();
  signals::StartThreads(boot.sigsys_blocked);
  signals::StartActions();
}

void Count(long nr, bool repaired) {
  if (g_stats == nullptr) return;
  repaired ? g_stats->CountRepair(nr) : g_stats->CountTrap(nr);
}

}  // namespace abishim::start

#include "shim/start/agent.h"

#include "shim/deliver/vsyscall.h"
#include "shim/memory/host.h"
#include "shim/patch/scan.h"
#include "shim/sandbox/kept.h"
#include "shim/signals/actions.h"
#include "shim/signals/alternate_stack.h"
#include "shim/signals/masks.h"
#include "shim/signals/thread.h"
#include "shim/start/note.h"
#include "shim/start/stats.h"

namespace abishim::start {
namespace {

constinit Word g_unblocked;

// They must not be blocked from here on; which of them were is the program's view.
Word Unblock(Word signals) {
  Word old = 0;
  HostCall<"rt_sigprocmask">(signals::kSigUnblock, &signals, &old, 8);
  return old & signals;
}

}  // namespace

constinit Settings g_settings;
constinit Stats* g_stats;

void Awake(const Boot& boot) {
  g_settings = boot.settings;
  g_stats = MapStats(g_settings.stats);
  signals::StartMasks();
  g_unblocked = Unblock(signals::KeptOpen());
  signals::StartThreads(boot.told ? boot.blocked & signals::KeptOpen() : g_unblocked,
                        boot.sigsys_pending);
  signals::StartAlternateStacks(g_settings.frame_bytes, signals::IsBefore4_14());
  if (g_settings.vsyscall) deliver::StartVsyscall(boot.vdso);
  if (g_settings.release[0] != '\0') TellRelease(boot.vdso, g_settings.release);
  signals::StartActions();
  sandbox::Arrive();
}

void AwakeWithoutFilter(const Boot& boot, const Plan& plan) {
  g_settings = boot.settings;
  g_stats = MapStats(g_settings.stats);
  signals::StartThreads(0, nullptr);
  patch::PatchAll(plan);
}

void Asleep() {
  signals::StopActions();
  HostCall<"rt_sigprocmask">(signals::kSigBlock, &g_unblocked, 0, 8);
}

void Count(long nr, bool repaired) {
  if (g_stats == nullptr) return;
  repaired ? g_stats->CountRepair(nr) : g_stats->CountTrap(nr);
}

}  // namespace abishim::start

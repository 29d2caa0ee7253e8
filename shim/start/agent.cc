#include "shim/start/agent.h"

#include <linux/fcntl.h>
#include <linux/mman.h>

#include "shim/memory/host.h"
#include "shim/signals/actions.h"
#include "shim/signals/alternate_stack.h"
#include "shim/signals/masks.h"
#include "shim/signals/thread.h"
#include "shim/start/settings.h"

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

// Maps the counters of `abishim run --stats`; null where they cannot be had.
Stats* MapStats(const char* path) {
  if (path == nullptr) return nullptr;
  const long fd = HostCall<"openat">(AT_FDCWD, path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (IsError(fd)) return nullptr;
  arch::KernelStat stat;
  long at = HostCall<"fstat">(fd, &stat);
  if (!IsError(at) && stat.size < static_cast<long>(sizeof(Stats))) at = -EINVAL;
  if (!IsError(at)) {
    at = HostCall<"mmap">(0, sizeof(Stats), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  }
  HostCall<"close">(fd);
  if (IsError(at)) return nullptr;
  auto* stats = reinterpret_cast<Stats*>(at);
  if (stats->IsOurs()) return stats;
  HostCall<"munmap">(at, sizeof(Stats));
  return nullptr;
}

void Awake(const Boot& boot) {
  g_stats = boot.stats;
  signals::StartAlternateStacks(boot.frame_bytes);
  signals::StartMasks();
  signals::StartThreads(UnblockSigsys());
  signals::StartActions();
}

constinit Settings g_settings;

void TakeSettings(const Environment& environment) {
  const auto copy = [](char* to, Word size, const char* from) {
    Word i = 0;
    for (; from != nullptr && from[i] != '\0' && i < size - 1; ++i) to[i] = from[i];
    to[i] = '\0';
  };
  g_settings.frame_bytes = environment.frame_bytes;
  copy(g_settings.log, sizeof(g_settings.log), environment.log);
  copy(g_settings.stats, sizeof(g_settings.stats), environment.stats);
}

void Count(long nr, bool repaired) {
  if (g_stats == nullptr) return;
  repaired ? g_stats->CountRepair(nr) : g_stats->CountTrap(nr);
}

}  // namespace abishim::start

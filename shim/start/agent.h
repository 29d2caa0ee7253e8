// The image comes to life: called in the copy at the tree's base, before its filter is in force or,
// after an exec, before the program makes its first trapped call.
#pragma once

#include "registers.h"  // arch/ARCH
#include "shim/plan/plan.h"
#include "shim/start/settings.h"
#include "shim/start/stats.h"

namespace abishim::start {

struct Boot {
  Settings settings;
  // Of the signals that must not be blocked in truth, those that are in the program's view. Unless
  // it is `told`, they are those that are blocked.
  bool told = false;
  Word blocked = 0;
  const arch::Siginfo* sigsys_pending = nullptr;  // one that waits for the program to unblock it
  Word vdso = 0;                                  // AT_SYSINFO_EHDR
};

void Awake(const Boot& boot);
// Without a filter: no handler, and no signal is ours. Patches the program.
void AwakeWithoutFilter(const Boot& boot, const Plan& plan);
// No filter came to be in force after all: signals are the program's again.
void Asleep();

// Counts a call that was trapped, or answered ENOSYS in place of the kernel's REPAIR.
void Count(long nr, bool repaired);
extern Stats* g_stats;  // null: nobody counts
// How long a call is in our hands.
class Time {
 public:
  explicit Time(long nr) : nr_(nr), start_(g_stats != nullptr ? arch::CycleCounter() : 0) {}
  ~Time() {
    if (g_stats != nullptr) g_stats->AddCycles(nr_, arch::CycleCounter() - start_);
  }
  Time(const Time&) = delete;
  Time& operator=(const Time&) = delete;

 private:
  const long nr_;
  const Word start_;
};
// For code that counts by itself; null: nobody counts.
inline unsigned long long* PatchedCounter(long nr) {
  return g_stats != nullptr ? g_stats->PatchedCounter(nr) : nullptr;
}

}  // namespace abishim::start

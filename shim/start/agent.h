// The image comes to life: called in the copy at the tree's base, before its filter is in force or,
// after an exec, before the program makes its first trapped call.
#pragma once

#include "registers.h"  // arch/ARCH
#include "shim/start/settings.h"

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
// No filter came to be in force after all: signals are the program's again.
void Asleep();

// Counts a call that was trapped, or answered ENOSYS in place of the kernel's REPAIR.
void Count(long nr, bool repaired);
// Counts a call that was made at a patched site.
void CountPatched(long nr);
// For code that counts by itself; null: nobody counts.
unsigned long long* PatchedCounter(long nr);

}  // namespace abishim::start

// The image comes to life: called in the copy at the tree's base, before its filter is in force or,
// after an exec, before the program makes its first trapped call.
#pragma once

#include "shim/start/environment.h"
#include "shim/start/stats.h"
#include "tables/result.h"

namespace abishim::start {

struct Boot {
  Word frame_bytes;  // AT_MINSIGSTKSZ, 0 if unknown
  Stats* stats;      // null: nobody counts
};

void Awake(const Boot& boot);

void TakeSettings(const Environment& environment);
Stats* MapStats(const char* path);

// Counts a call that was trapped, or answered ENOSYS in place of the kernel's REPAIR.
void Count(long nr, bool repaired);

}  // namespace abishim::start

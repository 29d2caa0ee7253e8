// What sched_setattr and sched_getattr, Linux 3.14, share.
#pragma once

#include <linux/sched.h>

#include "tables/kernel.h"

namespace abishim::translate {

// struct sched_attr as that version had it. The clamps of Linux 5.3 come behind it.
struct SchedulingAttributes {
  unsigned size, policy;
  unsigned long flags;
  int nice;
  unsigned priority;
  unsigned long runtime, deadline, period;
};
static_assert(sizeof(SchedulingAttributes) == 48);

inline constexpr int kPriorityOfProcess = 0;  // PRIO_PROCESS; in fact that of one thread

inline constexpr unsigned long kResetOnFork = 1;
inline constexpr unsigned kResetOnForkPolicy = SCHED_RESET_ON_FORK;  // where older calls have it

constexpr bool IsRealTime(unsigned policy) { return policy == SCHED_FIFO || policy == SCHED_RR; }
constexpr bool IsFair(unsigned policy) { return policy == SCHED_NORMAL || policy == SCHED_BATCH; }

}  // namespace abishim::translate

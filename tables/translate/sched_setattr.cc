// sched_setattr(2), Linux 3.14, by sched_setscheduler(2) and setpriority(2).
#include "tables/translate/extensible.h"
#include "tables/translate/scheduling.h"

namespace abishim::translate {
namespace {

constexpr unsigned kSize = sizeof(SchedulingAttributes);

long CopyInAttributes(const Kernel& kernel, Word from, SchedulingAttributes* to) {
  unsigned size;
  if (!kernel.CopyIn(from, &size)) return -EFAULT;
  if (size == 0) size = kSize;  // as the first programs had it
  long error = size < kSize ? -E2BIG : CopyInExtensible(kernel, from, size, to);
  if (error == -E2BIG) {
    size = kSize;
    kernel.CopyOut(from, size);  // tells the caller what we know; no matter if it cannot be told
  }
  return error;
}

int Nice(int wanted) { return wanted < -20 ? -20 : wanted > 19 ? 19 : wanted; }

long SetPriority(const Kernel& kernel, int pid, int nice) {
  const long error = kernel.Call<"setpriority">(kPriorityOfProcess, pid, nice);
  return error == -EACCES ? -EPERM : error;
}

// Two calls, of which the first must not stay when the second fails: a lower nice value may be
// refused, going back to a higher one is not. Another thread may see the state between the two.
long SetFair(const Kernel& kernel, int pid, unsigned policy, int nice) {
  const unsigned no_priority = 0;
  const long lowest_first = kernel.Call<"getpriority">(kPriorityOfProcess, pid);
  if (lowest_first < 0) return lowest_first;
  const int before = static_cast<int>(20 - lowest_first);
  if (nice < before) {
    if (const long error = SetPriority(kernel, pid, nice)) return error;
  }
  const long error = kernel.Call<"sched_setscheduler">(pid, policy, &no_priority);
  if (error != 0 && nice < before) SetPriority(kernel, pid, before);
  if (error == 0 && nice > before) return SetPriority(kernel, pid, nice);
  return error;
}

}  // namespace

Result sched_setattr(Kernel& kernel, const Args& args) {
  const int pid = args.Int(0);
  if (args[1] == 0 || pid < 0 || args.Uint(2) != 0) return -EINVAL;
  SchedulingAttributes wanted;
  if (const long error = CopyInAttributes(kernel, args[1], &wanted)) return error;
  if (static_cast<int>(wanted.policy) < 0) return -EINVAL;
  const long now = kernel.Call<"sched_getscheduler">(pid);
  if (now < 0) return now;
  if (wanted.flags & ~kResetOnFork) return -EINVAL;
  if (!IsFair(wanted.policy) && !IsRealTime(wanted.policy) && wanted.policy != SCHED_IDLE) {
    return -EINVAL;  // SCHED_DEADLINE among them
  }
  const unsigned policy = wanted.policy | (wanted.flags & kResetOnFork ? kResetOnForkPolicy : 0);
  if (wanted.priority > 99 || IsRealTime(wanted.policy) != (wanted.priority != 0)) return -EINVAL;
  if (IsFair(wanted.policy)) return SetFair(kernel, pid, policy, Nice(wanted.nice));
  return kernel.Call<"sched_setscheduler">(pid, policy, &wanted.priority);
}

}  // namespace abishim::translate

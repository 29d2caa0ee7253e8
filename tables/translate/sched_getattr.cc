// sched_getattr(2), Linux 3.14, by sched_getscheduler(2), sched_getparam(2) and getpriority(2).
#include "tables/translate/extensible.h"
#include "tables/translate/scheduling.h"

namespace abishim::translate {
namespace {

bool ClearProgramMemory(const Kernel& kernel, Word at, Word size) {
  constexpr char kZeros[64] = {};
  for (Word done = 0; done < size; done += sizeof kZeros) {
    const Word bytes = size - done < sizeof kZeros ? size - done : sizeof kZeros;
    if (!kernel.CopyOut(at + done, kZeros, bytes)) return false;
  }
  return true;
}

}  // namespace

Result sched_getattr(Kernel& kernel, const Args& args) {
  constexpr unsigned kSize = sizeof(SchedulingAttributes);
  const int pid = args.Int(0);
  const unsigned size = args.Uint(2);
  if (args[1] == 0 || pid < 0 || size > kLargestStruct || size < kSize || args.Uint(3) != 0) {
    return -EINVAL;
  }
  // Another thread may change it all between these calls.
  const long policy = kernel.Call<"sched_getscheduler">(pid);
  if (policy < 0) return policy;
  SchedulingAttributes is = {};
  is.size = kSize;
  is.policy = static_cast<unsigned>(policy) & ~kResetOnForkPolicy;
  if (policy & kResetOnForkPolicy) is.flags = kResetOnFork;
  if (IsRealTime(is.policy)) {
    if (const long error = kernel.Call<"sched_getparam">(pid, &is.priority)) return error;
  } else {
    const long lowest_first = kernel.Call<"getpriority">(kPriorityOfProcess, pid);
    if (lowest_first < 0) return lowest_first;
    is.nice = static_cast<int>(20 - lowest_first);
  }
  if (!ClearProgramMemory(kernel, args[1] + kSize, size - kSize)) return -EFAULT;
  return kernel.CopyOut(args[1], is) ? 0 : -EFAULT;
}

}  // namespace abishim::translate

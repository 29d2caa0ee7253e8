// Asking in a child, which a filter or a fault may kill.
#pragma once

#include <linux/errno.h>
#include <linux/prctl.h>
#include <linux/wait.h>

#include "shim/plan/verdict.h"
#include "tables/lookup.h"

namespace abishim {

// Waits for it. Its number, or -errno; `status` as wait4(2) gives it.
inline long Reap(RawCall call, long child, int* status) {
  long reaped;
  do {
    reaped = call(NumberOf("wait4"), child, reinterpret_cast<long>(status), __WALL, 0, 0, 0);
  } while (reaped == -EINTR);
  return reaped;
}

// How a copy of the process ends that exits with what ask() gives; -1: none could be had. No exit
// signal: nobody is to notice.
template <class Ask>
int AskInChild(RawCall call, Ask ask) {
  const long child = call(NumberOf("clone"), 0, 0, 0, 0, 0, 0);
  if (child < 0) return -1;
  if (child == 0) {
    call(NumberOf("prctl"), PR_SET_DUMPABLE, 0, 0, 0, 0, 0);  // no core
    const int found = ask();
    for (;;) call(NumberOf("exit_group"), found, 0, 0, 0, 0, 0);
  }
  int status = -1;
  return Reap(call, child, &status) == child ? status : -1;
}

}  // namespace abishim

// Asking in a child, for what must not happen to the program itself: a change of ids, or closing a
// file that it may hold locks on.
#pragma once

#include <linux/prctl.h>
#include <linux/sched.h>

#include "tables/kernel.h"

namespace abishim::translate {

// What `answer()` says there: 0 or -errno. -ENOSYS where there can be no child.
template <class F>
long AskChild(const Kernel& kernel, const F& answer) {
  // Without an exit signal: no SIGCHLD, and no wait of the program's finds it, unless by __WALL.
  const long child = kernel.Call<"clone">(CLONE_UNTRACED, 0, 0, 0, 0);
  if (child == 0) {
    // No core file should a profile kill for what follows; nor may anyone look into this copy of
    // the program once its ids are others.
    kernel.Call<"prctl">(PR_SET_DUMPABLE, 0, 0, 0, 0);
    const long said = answer();
    for (;;) kernel.Call<"exit_group">(-said);
  }
  if (IsError(child)) return -ENOSYS;
  constexpr int kCloneChildren = static_cast<int>(0x80000000);  // __WCLONE
  int status;
  long waited;
  do {
    waited = kernel.Call<"wait4">(child, &status, kCloneChildren, 0);
  } while (waited == -EINTR);
  const bool exited = waited == child && (status & 0x7f) == 0;
  return exited ? -(status >> 8 & 0xff) : -ENOSYS;
}

}  // namespace abishim::translate

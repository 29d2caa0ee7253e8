// Putting a filter into force.
#pragma once

#include <linux/filter.h>

#include "shim/plan/verdict.h"

namespace abishim {

// 0, or why no filter can be installed: EINVAL on kernels without (before 3.5), ENOSYS where other
// threads cannot be reached (before 3.17). A promise that is still to be made is no reason.
long CanInstall(RawCall call, bool tsync);

// 0; -errno; or, with tsync, the id (> 0) of a thread that could not be synchronised. Unless it is
// 0, nothing was installed. NO_NEW_PRIVS is set only when the kernel insists.
long Install(RawCall call, const sock_filter* program, unsigned length, bool tsync);

// The same for the calling thread alone, and never with NO_NEW_PRIVS: -EACCES where the kernel
// insists.
long InstallWithoutPromise(RawCall call, const sock_filter* program, unsigned length);

enum class Threads : unsigned char {
  kAlone,    // no other thread
  kReady,    // others, none of which blocks SIGSYS
  kBlocked,  // one blocks SIGSYS, or it cannot be told: a trap would kill it
};
Threads LookAtThreads(RawCall call);
// False also where it cannot be told. Makes no call that ld.so has not made already.
bool IsAlone(RawCall call);
inline bool ThreadsBlockSigsys(RawCall call) { return LookAtThreads(call) == Threads::kBlocked; }

}  // namespace abishim

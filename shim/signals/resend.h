// A signal that came at the wrong time, once more for the calling thread.
#pragma once

#include "shim/memory/host.h"

namespace abishim::signals {

// Before Linux 3.9 nobody may say that somebody else sent it (EPERM; and some filters refuse it):
// then it comes from here.
inline long Resend(int signal, const arch::Siginfo& info) {
  const long pid = HostCall<"getpid">(), tid = HostCall<"gettid">();
  const long result = HostCall<"rt_tgsigqueueinfo">(pid, tid, signal, &info);
  return IsError(result) ? HostCall<"tgkill">(pid, tid, signal) : result;
}

}  // namespace abishim::signals

#include "shim/exec/plain.h"

#include <linux/fcntl.h>
#include <linux/ptrace.h>

#include "shim/memory/host.h"
#include "shim/signals/masks.h"
#include "shim/signals/thread.h"

namespace abishim::exec {

long MakeCall(const Request& r) {
  if (r.by_path) return HostCall<"execve">(r.path, r.argv, r.envp);
  return HostCall<"execveat">(r.directory, r.path, r.argv, r.envp, r.flags);
}

// The mask is inherited, so the program's own must be in force; a handler of the program's that
// runs meanwhile does so on top of ours.
long Plain(const Request& r) {
  Word handlers = 0;
  HostCall<"rt_sigprocmask">(signals::kSigSetmask, &r.frame->mask, &handlers, 8);
  const signals::Thread* self = signals::SelfIfAny(*r.frame);
  if (self != nullptr && self->to_be_traced) HostCall<"ptrace">(PTRACE_TRACEME, 0, 0, 0);
  const long error = MakeCall(r);
  HostCall<"rt_sigprocmask">(signals::kSigSetmask, &handlers, 0, 8);
  return error;
}

}  // namespace abishim::exec

// --no-vsyscall: a call of the vsyscall page is a fault, as on a host that was booted with
// vsyscall=none. What a filter cannot do on a host with the page (it could only turn the call into
// an errno or a SIGSYS), a tracer does (trace.h).
#pragma once

#include <sys/types.h>

#include <map>

#include "shim/command/outer_filter.h"

namespace abishim::command {

// Hands each such call to the tracer.
Program NoVsyscall();

// The calls that are on their way to be faults. A true fault, so that a program that blocks SIGSEGV
// is killed by it: the thread is led to an address of the page where no call ever began, and what
// the program is told of the fault then names the one that it called.
class VsyscallFaults {
 public:
  // A stop of a tracee, by its wait status; true if it was about such a call. It is to be continued
  // as any other.
  bool Notice(pid_t pid, int status);

 private:
  bool Skip(pid_t pid);
  bool LeadAstray(pid_t pid);
  bool Correct(pid_t pid);

  std::map<pid_t, unsigned long> calls_;  // those that return to the next stop: the call's address
};

}  // namespace abishim::command

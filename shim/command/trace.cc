// A tracer for what no filter can pretend.
#include "shim/command/trace.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>

#include "shim/command/failure.h"
#include "shim/command/no_vsyscall.h"
#include "shim/command/wait.h"

namespace abishim::command {
namespace {

bool Stops(int signal) {
  return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

// A stop of one of ours, by its wait status.
void GoOn(pid_t pid, int status) {
  const int signal = WSTOPSIG(status), event = status >> 16;
  if (event == PTRACE_EVENT_STOP && Stops(signal)) {  // stays stopped, as its group does
    ptrace(PTRACE_LISTEN, pid, 0, 0);
    return;
  }
  ptrace(PTRACE_CONT, pid, 0, event == 0 ? signal : 0);
}

}  // namespace

void TakeHold(pid_t child) {
  constexpr long kOptions =
      PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
  if (ptrace(PTRACE_SEIZE, child, 0, kOptions) != 0) {
    throw Failure(kCannotStart,
                  std::string("cannot trace the program: ptrace: ") + strerror(errno));
  }
}

int WaitAndTrace(pid_t child) {
  VsyscallFaults faults;
  for (;;) {
    int status;
    const pid_t pid = waitpid(-1, &status, __WALL | WNOHANG);
    if (pid <= 0) {
      PassSignalOn(child);
      continue;
    }
    faults.Notice(pid, status);
    if (WIFSTOPPED(status)) {
      GoOn(pid, status);
    } else if (pid == child) {
      return status;
    }
  }
}

}  // namespace abishim::command

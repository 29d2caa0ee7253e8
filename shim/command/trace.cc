// A tracer for what no filter can pretend.
#include "shim/command/trace.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>

#include "abi.h"
#include "registers.h"
#include "shim/command/failure.h"
#include "shim/command/no_vsyscall.h"
#include "shim/command/one_tracer.h"
#include "shim/command/wait.h"
#include "tables/flags.h"
#include "tables/lookup.h"
#include "tracee.h"

namespace abishim::command {
namespace {

// SS_AUTODISARM lies in memory: in the second word of what sigaltstack(2) is given.
bool IsAutodisarm(pid_t pid, arch::TraceeRegisters* registers) {
  if (arch::Number(*registers) != NumberOf("sigaltstack")) return false;
  const Word stack = arch::Argument(registers, 0);
  errno = 0;
  const long flags = stack == 0 ? 0 : ptrace(PTRACE_PEEKDATA, pid, stack + sizeof(Word), 0);
  return errno == 0 && (static_cast<int>(flags) & arch::kStackDisarms) != 0;
}

// Of each call those that the pretended kernel ignored; and that which it refused and no filter
// can see.
void TakeOutFlags(pid_t pid, const OlderKernel& kernel) {
  arch::TraceeRegisters registers;
  if (ptrace(static_cast<__ptrace_request>(arch::kGetRegisters), pid, 0, &registers) != 0)
    return;  // killed meanwhile
  if (kernel.version < kAutodisarmSince && IsAutodisarm(pid, &registers)) {
    arch::SkipCall(&registers);
    arch::SetResult(&registers, -EINVAL);
  }
  for (const Flag& flag : kFlags) {
    const bool ignored = flag.older == kIgnored && !kernel.Has(flag);
    if (!ignored || arch::NumberIn(FindRow(flag.call)->nr) != arch::Number(registers)) continue;
    unsigned long& argument = arch::Argument(&registers, flag.use.argument);
    if ((argument & flag.use.mask) == flag.use.value) argument &= ~Word{flag.use.value};
  }
  ptrace(static_cast<__ptrace_request>(arch::kSetRegisters), pid, 0, &registers);
}

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

int WaitAndTrace(pid_t child, const std::optional<OlderKernel>& kernel) {
  VsyscallFaults faults;
  OneTracer one;
  for (;;) {
    int status;
    const pid_t pid = waitpid(-1, &status, __WALL | WNOHANG);
    if (pid <= 0) {
      PassSignalOn(child);
      continue;
    }
    const bool seen_to = faults.Notice(pid, status);
    if (WIFSTOPPED(status)) {
      const bool handed_over = status >> 16 == PTRACE_EVENT_SECCOMP;
      if (handed_over) one.Notice(pid);
      if (handed_over && !seen_to && kernel) TakeOutFlags(pid, *kernel);
      GoOn(pid, status);
    } else if (pid == child) {
      return status;
    }
  }
}

}  // namespace abishim::command

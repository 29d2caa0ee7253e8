#include "shim/command/no_vsyscall.h"

#include <linux/seccomp.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "abi.h"
#include "shim/plan/bpf.h"
#include "tracee.h"
#include "vsyscall_page.h"

namespace abishim::command {
namespace {

constexpr unsigned long kAstray = 0x3f0;  // behind the beginning of a call

bool Get(pid_t pid, arch::TraceeRegisters* registers) {
  return ptrace(static_cast<__ptrace_request>(arch::kGetRegisters), pid, 0, registers) == 0;
}
bool Set(pid_t pid, arch::TraceeRegisters* registers) {
  return ptrace(static_cast<__ptrace_request>(arch::kSetRegisters), pid, 0, registers) == 0;
}

}  // namespace

Program NoVsyscall() {
  using namespace bpf;
  ProgramOf<16> p;
  const Label allow = p.Return(Allow()), trace = p.Return(Action{SECCOMP_RET_TRACE});
  const Label page =
      p.When(InBlock(kCaller, arch::kVsyscallPage, arch::kVsyscallPageBytes), trace, allow);
  p.Load(Half::kArch, p.IfEqual(arch::kAudit, page, allow));
  return {p.begin(), p.end()};
}

bool VsyscallFaults::Notice(pid_t pid, int status) {
  if (!WIFSTOPPED(status)) return calls_.erase(pid) != 0;
  switch (status >> 16) {
    case PTRACE_EVENT_SECCOMP:
      return Skip(pid);
    case PTRACE_EVENT_STOP:
      return LeadAstray(pid);
    case 0:
      return WSTOPSIG(status) == SIGSEGV && Correct(pid);
    default:
      return false;
  }
}

// The kernel takes the call for one that a filter refused: it returns, to the next stop.
bool VsyscallFaults::Skip(pid_t pid) {
  arch::TraceeRegisters registers;
  if (!Get(pid, &registers)) return false;
  const unsigned long pc = arch::ProgramCounter(registers);
  if (arch::VsyscallAt(pc) == arch::Vsyscall::kNone) return false;
  arch::SkipCall(&registers);
  calls_[pid] = pc;
  return Set(pid, &registers) && ptrace(PTRACE_INTERRUPT, pid, 0, 0) == 0;
}

bool VsyscallFaults::LeadAstray(pid_t pid) {
  const auto call = calls_.find(pid);
  arch::TraceeRegisters registers;
  if (call == calls_.end() || !Get(pid, &registers)) return false;
  arch::CallAgain(&registers, call->second);
  arch::SetProgramCounter(&registers, call->second + kAstray);
  calls_.erase(call);
  return Set(pid, &registers);
}

// (By then a handler may have come between, and made calls of its own.)
bool VsyscallFaults::Correct(pid_t pid) {
  arch::TraceeRegisters registers;
  siginfo_t info{};
  if (!Get(pid, &registers) || ptrace(PTRACE_GETSIGINFO, pid, 0, &info) != 0) return false;
  const unsigned long pc = arch::ProgramCounter(registers) - kAstray;
  if (arch::VsyscallAt(pc) == arch::Vsyscall::kNone || info.si_code <= 0) return false;
  arch::SetProgramCounter(&registers, pc);
  info = {};
  info.si_signo = SIGSEGV;
  info.si_code = SEGV_MAPERR;
  info.si_addr = reinterpret_cast<void*>(pc);
  return Set(pid, &registers) && ptrace(PTRACE_SETSIGINFO, pid, 0, &info) == 0;
}

}  // namespace abishim::command

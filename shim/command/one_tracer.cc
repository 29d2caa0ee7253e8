#include "shim/command/one_tracer.h"

#include <linux/seccomp.h>
#include <sys/ptrace.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "abi.h"
#include "shim/plan/bpf.h"
#include "tables/lookup.h"
#include "tracee.h"

namespace abishim::command {
namespace {

// abishim's own, which would carry itself over an exec and takes the loader where it may not: it is
// made from the image, whatever file that is mapped from.
bool IsFromImage(pid_t pid, unsigned long pc) {
  std::ifstream maps("/proc/" + std::to_string(pid) + "/maps");
  for (std::string line; std::getline(maps, line);) {
    unsigned long start, end;
    if (sscanf(line.c_str(), "%lx-%lx", &start, &end) != 2 || pc < start || pc >= end) continue;
    return line.find("abishim") != std::string::npos;
  }
  return false;
}

}  // namespace

Program NoticeTracers() {
  using namespace bpf;
  ProgramOf<24> p;
  const Label allow = p.Return(Allow()), trace = p.Return(Action{SECCOMP_RET_TRACE});
  Label request = allow;
  for (const auto each : {PTRACE_TRACEME, PTRACE_ATTACH, PTRACE_SEIZE}) {
    request = p.When(Is(Argument(0), static_cast<Word>(each)), trace, request);
  }
  const Label number = p.Load(Half::kNumber, p.IfEqual(NumberOf("ptrace"), request, allow));
  p.Load(Half::kArch, p.IfEqual(arch::kAudit, number, allow));
  return {p.begin(), p.end()};
}

void OneTracer::Notice(pid_t pid) {
  arch::TraceeRegisters registers;
  if (said_ ||
      ptrace(static_cast<__ptrace_request>(arch::kGetRegisters), pid, 0, &registers) != 0) {
    return;
  }
  if (arch::Number(registers) != NumberOf("ptrace")) return;
  const bool seize = arch::Argument(&registers, 0) == PTRACE_SEIZE;
  if (seize && IsFromImage(pid, arch::ProgramCounter(registers))) return;
  said_ = true;
  fputs(
      "abishim: a program wants to trace another, which nobody can here: --flags and --no-vsyscall "
      "work by tracing every program, and a process has one tracer\n",
      stderr);
}

}  // namespace abishim::command

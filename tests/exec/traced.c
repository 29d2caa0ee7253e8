// A tracer that starts its program as gdb does, by PTRACE_TRACEME in a vfork child: it finds the
// stop after the exec, and lets the program run.
// ways: carry any
#include "exec.h"

#include <sys/ptrace.h>

static char* const args[] = {"target", "x", 0};

int main(int argc, char** argv) {
  Start(argc, argv, 60);
  for (int i = 0; i < kLinkedWays; ++i) {
    int status, stops = 0;
    const char* target = check_context = PathOf(kLinked[i]);
    pid_t pid = vfork();
    if (pid == 0) {
      if (ptrace(PTRACE_TRACEME, 0, 0, 0) == 0) execve(target, args, environ);
      _exit(99);
    }
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK(WIFSTOPPED(status));
    CHECK_EQ(WSTOPSIG(status), SIGTRAP);
    for (int sig = 0;; sig = WSTOPSIG(status), ++stops) {
      CHECK_EQ(ptrace(PTRACE_CONT, pid, 0, sig), 0);
      CHECK_EQ(waitpid(pid, &status, 0), pid);
      if (!WIFSTOPPED(status)) break;
      CHECK_EQ(WSTOPSIG(status), SIGSYS);  // a trap; natively there is none
    }
    CHECK_EQ(status, 0);
  }
  CheckNoChildren();
  return Done();
}

#include "tests/filter/child.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace abishim::test {
namespace {

void Require(bool good, const char* what) {
  if (good) return;
  perror(what);
  _exit(99);
}

// gcc's own jump: under ASan libc's is intercepted and calls sigaltstack, which may be trapped
// here. Neither touches the signal mask: SA_NODEFER leaves nothing to restore.
void* g_back[5];

__attribute__((no_sanitize_address)) void OnTrap(int, siginfo_t* info, void*) {
  g_trap = {info->si_syscall, info->si_errno, reinterpret_cast<Word>(info->si_call_addr)};
  __builtin_longjmp(g_back, 1);
}

std::string Ended(int status) {
  if (WIFSIGNALED(status)) return "killed by signal " + std::to_string(WTERMSIG(status));
  return WEXITSTATUS(status) == 0 ? "" : "exit status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

Seen g_trap;

long Raw(long nr, long a, long b, long c, long d, long e, long f) {
  const long result = syscall(nr, a, b, c, d, e, f);
  return result == -1 ? -errno : result;
}

__attribute__((no_sanitize_address)) long RawOrTrapped(long nr, long a, long b, long c, long d,
                                                       long e, long f) {
  return __builtin_setjmp(g_back) == 0 ? Raw(nr, a, b, c, d, e, f) : kTrapped;
}

Word RawPointer() {
  int pipes[2];
  Require(pipe(pipes) == 0, "pipe");
  const std::string ended = InChild([&] {
    WatchTraps();
    InstallOuter({{SYS_getppid, bpf::Trap(1)}});
    RawOrTrapped(SYS_getppid);
    const Word pointer = g_trap.pointer;
    return write(pipes[1], &pointer, sizeof pointer) == sizeof pointer ? "" : "write";
  });
  Require(ended.empty(), ended.c_str());
  Word pointer = 0;
  Require(read(pipes[0], &pointer, sizeof pointer) == sizeof pointer, "read");
  close(pipes[0]);
  close(pipes[1]);
  return pointer;
}

std::string InChild(const std::function<std::string()>& what) {
  int pipes[2];
  Require(pipe(pipes) == 0, "pipe");
  fflush(nullptr);  // or both print what is buffered
  const pid_t child = fork();
  Require(child >= 0, "fork");
  if (child == 0) {
    const std::string said = what();
    const ssize_t written = write(pipes[1], said.data(), said.size());
    // Not _exit: before a call that does not return ASan calls sigaltstack, as above.
    syscall(SYS_exit_group, written == static_cast<ssize_t>(said.size()) ? 0 : 98);
  }
  close(pipes[1]);
  std::string said;
  char text[4096];
  for (ssize_t got; (got = read(pipes[0], text, sizeof text)) > 0;) said.append(text, got);
  close(pipes[0]);
  int status = 0;
  Require(waitpid(child, &status, 0) == child, "waitpid");
  return said + Ended(status);
}

void InstallProgram(const sock_filter* begin, unsigned length) {
  sock_fprog program{static_cast<unsigned short>(length), const_cast<sock_filter*>(begin)};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0) return;
  Require(errno == EACCES, "seccomp");
  Require(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
  Require(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0, "seccomp");
}

void InstallOuter(const std::vector<Denial>& denials) {
  bpf::Program program;
  const bpf::Label allow = program.Return(bpf::Allow());
  bpf::Label next = allow;
  for (const Denial& denial : denials) {
    next = program.IfEqual(static_cast<unsigned>(denial.nr), program.Return(denial.action), next);
  }
  program.Load(bpf::Half::kNumber, next);
  InstallProgram(program.begin(), program.length());
}

void BecomeNobody() {
  Require(setgroups(0, nullptr) == 0, "setgroups");
  Require(setresgid(65534, 65534, 65534) == 0, "setresgid");
  Require(setresuid(65534, 65534, 65534) == 0, "setresuid");
}

void WatchTraps() {
  struct sigaction action = {};
  action.sa_sigaction = OnTrap;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  Require(sigaction(SIGSYS, &action, nullptr) == 0, "sigaction");
}

}  // namespace abishim::test

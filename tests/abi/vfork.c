// vfork with exec and with planned calls in the child, system(), popen().
#include <sys/time.h>

#include "report.h"

static volatile int in_child;
static void OnSignal(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)info, (void)context;
}

static void ExecFromVfork(char** argv, uint64_t mask) {
  int pipe[2];
  char* const arguments[] = {argv[0], "report", 0};
  CHECK_EQ(pipe2(pipe, O_CLOEXEC), 0);
  SetMask(mask);
  pid_t pid = vfork();
  CHECK(pid >= 0);
  if (pid == 0) {
    MakePlannedCalls();
    if (dup2(pipe[1], 1) != 1) _exit(1);
    execve("/no/such/program", arguments, environ);
    execve(argv[0], arguments, environ);
    _exit(127);
  }
  CHECK_EQ(Mask(), mask);
  close(pipe[1]);
  CHECK_EQ(ReadReport(pipe[0]).mask, mask);
  CHECK_EQ(StatusOf(pid), 0);
  close(pipe[0]);
}

// The child's mask and actions are its own, its memory is ours.
static void CallsInVfork(void) {
  struct sigaction action;
  SetMask(Bit(SIGUSR1));
  Handle(SIGUSR2, OnSignal, SA_RESTART);
  pid_t pid = vfork();
  CHECK(pid >= 0);
  if (pid == 0) {
    for (int i = 0; i < 20; ++i) MakePlannedCalls();
    SetMask(~0UL);
    signal(SIGUSR2, SIG_DFL), signal(SIGSYS, SIG_IGN), signal(SIGSEGV, SIG_DFL);
    MakePlannedCalls();
    in_child = 1;
    _exit(3);
  }
  CHECK(in_child);
  CHECK_EQ(Mask(), Bit(SIGUSR1));
  CHECK_EQ(sigaction(SIGUSR2, 0, &action), 0);
  CHECK(action.sa_sigaction == OnSignal);
  CHECK_EQ(sigaction(SIGSYS, 0, &action), 0);
  CHECK(action.sa_handler == SIG_DFL);
  CHECK_EQ(WEXITSTATUS(StatusOf(pid)), 3);
  in_child = 0;
  MakePlannedCalls();
}

static void Shell(void) {
  char line[64] = "";
  CHECK_EQ(WEXITSTATUS(system("exit 7")), 7);
  CHECK_EQ(system("kill -TERM $$"), SIGTERM);
  CHECK(system(0) != 0);
  FILE* from = popen("echo spoken | cat", "r");
  CHECK(from);
  CHECK(fgets(line, sizeof(line), from) && strcmp(line, "spoken\n") == 0);
  CHECK_EQ(pclose(from), 0);
  FILE* to = popen("read line; test \"$line\" = heard", "w");
  CHECK(to);
  CHECK(fputs("heard\n", to) >= 0);
  CHECK_EQ(pclose(to), 0);
  MakePlannedCalls();
}

int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "report") == 0) return Report();
  Watchdog(20);
  int descriptors = CountDescriptors();
  for (int i = 0; i < 15; ++i) {
    ExecFromVfork(argv, 0);
    ExecFromVfork(argv, Bit(SIGUSR1) | Bit(SIGHUP));
    CallsInVfork();
    SetMask(0);
    Shell();
    SetMask(Bit(SIGTERM) | Bit(SIGINT));
    CHECK_EQ(WEXITSTATUS(system("exit 7")), 7);
    CHECK_EQ(Mask(), Bit(SIGTERM) | Bit(SIGINT));
    SetMask(0);
  }
  CHECK_EQ(CountDescriptors(), descriptors);
  return Done();
}

// Execs under a storm of SIGSTOP, SIGCONT and SIGWINCH, to the process and to its group.
#include "exec.h"

static char* const args[] = {"target", "x", 0};

static void Once(int round) {
  int ends[2], status = 0, ended = 0;
  char got[128];
  CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
  pid_t pid = Fork();
  if (pid == 0) {
    dup2(ends[1], 1);
    if (round % 2) setpgid(0, 0);
    execve(PathOf(kLinked[round % kLinkedWays]), args, environ);
    _exit(99);
  }
  close(ends[1]);
  const int group = round % 2 && (setpgid(pid, pid) == 0 || getpgid(pid) == pid);
  for (int i = 0; !ended && i < 400; ++i) {
    const int signals[] = {SIGSTOP, SIGWINCH, SIGCONT, SIGWINCH};
    CHECK_EQ(kill(group ? -pid : pid, signals[i % 4]), 0);
    if (i % 3 == 0) sched_yield();
    ended = waitpid(pid, &status, WNOHANG) == pid;
  }
  if (!ended) {
    CHECK_EQ(kill(group ? -pid : pid, SIGCONT), 0);
    status = StatusOf(pid);
  }
  ssize_t size = read(ends[0], got, sizeof(got) - 1);
  got[size > 0 ? size : 0] = 0;
  close(ends[0]);
  if (status != 0) dprintf(1, "round %d: %s\n", round, got);
  CHECK_EQ(status, 0);
  CHECK(strncmp(got, "target 2 x env ", 15) == 0);
}

// A stop that comes in the middle of an exec is not lost, be it for the process or for its group.
static void Stops(int round) {
  int status;
  pid_t pid = Fork();
  if (pid == 0) {
    close(1), open("/dev/null", O_WRONLY);
    if (round % 2) setpgid(0, 0);
    execve(PathOf(kLinked[round % kLinkedWays]), args, environ);
    _exit(99);
  }
  struct timespec when = {0, (round * 37 % 100) * 10000L};
  nanosleep(&when, 0);
  const int group = round % 2 && (setpgid(pid, pid) == 0 || getpgid(pid) == pid);
  CHECK_EQ(kill(group ? -pid : pid, SIGSTOP), 0);
  CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
  if (WIFSTOPPED(status)) {
    CHECK_EQ(WSTOPSIG(status), SIGSTOP);
    SleepMs(5);
    CHECK_EQ(waitpid(pid, &status, WNOHANG), 0);  // it stays stopped
    CHECK_EQ(kill(group ? -pid : pid, SIGCONT), 0);
    status = StatusOf(pid);
  }
  CHECK_EQ(status, 0);
}

int main(int argc, char** argv) {
  Start(argc, argv, 300);
  int rounds = long_run ? 1000 : 120;
  for (int i = 0; i < rounds; ++i) Once(i);
  for (int i = 0; i < rounds; ++i) Stops(i);
  CheckNoChildren();
  dprintf(1, "%d execs\n", 2 * rounds);
  return Done();
}

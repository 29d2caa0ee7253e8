// SIGKILL at a random moment of an exec: no process stays, no zombie.
#include "exec.h"

static char* const args[] = {"target", "x", 0};

int main(int argc, char** argv) {
  Start(argc, argv, 300);
  // Whatever loses its parent becomes a child of this process, and is seen.
  CHECK_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
  int rounds = long_run ? 500 : 100, killed = 0;
  unsigned random = 12345;
  for (int i = 0; i < rounds; ++i) {
    pid_t pid = Fork();
    if (pid == 0) {
      close(1), open("/dev/null", O_WRONLY);
      if (i % 3 == 0) {  // from a vfork child, too
        pid_t child = vfork();
        if (child == 0) execve(PathOf(kLinked[i % kLinkedWays]), args, environ), _exit(99);
        waitpid(child, 0, 0);
      }
      execve(PathOf(kLinked[i % kLinkedWays]), args, environ);
      _exit(99);
    }
    random = random * 1103515245 + 12345;
    struct timespec when = {0, (long)(random >> 8) % 1500000};
    nanosleep(&when, 0);
    kill(pid, SIGKILL);
    int status = StatusOf(pid);
    CHECK(status == 0 || status == SIGKILL);
    killed += status != 0;
  }
  // A helper that became ours ends by itself, and soon.
  double start = Now();
  while (Now() - start < 5) {
    if (waitpid(-1, 0, 0x40000000 /* __WALL */) == -1 && errno == ECHILD) break;
  }
  CheckNoChildren();
  CHECK(killed > rounds / 10);
  dprintf(1, "%d of %d killed\n", killed, rounds);
  return Done();
}

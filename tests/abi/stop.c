// SIGSTOP and SIGCONT during a blocking call: it goes on where the kernel lets it, and fails with
// EINTR where not.
#include "blocking.h"

// signal(7): interrupted by a stop signal even without any handler.
static int FailsWhenContinued(const struct Blocking* b) {
  return b->call == BlockEpollPwait || b->call == BlockEpollPwait2 ||
         b->call == BlockEpollPwait2Long;
}

static void AwaitState(pid_t pid, int want) {
  siginfo_t info;
  CHECK_EQ(waitid(P_PID, pid, &info, want), 0);
}

static void Try(const struct Blocking* b) {
  int ready[2];
  char byte;
  check_context = b->name;
  CHECK_EQ(pipe2(ready, O_CLOEXEC), 0);
  OpenEnds();
  pid_t pid = Fork();
  if (pid == 0) {
    SetMask(0);
    MakePlannedCalls();
    CHECK_EQ(write(ready[1], "x", 1), 1);
    if (FailsWhenContinued(b)) {
      CHECK_ERRNO(b->call(), EINTR);
    } else {
      CHECK_EQ(b->call(), 1);
    }
    MakePlannedCalls();
    _exit(0);
  }
  CHECK_EQ(read(ready[0], &byte, 1), 1);
  AwaitSleep(pid);
  CHECK_EQ(kill(pid, SIGSTOP), 0);
  AwaitState(pid, WSTOPPED);
  CHECK_EQ(kill(pid, SIGCONT), 0);
  if (!FailsWhenContinued(b)) {
    AwaitState(pid, WCONTINUED);
    AwaitSleep(pid);
    CHECK_EQ(waitpid(pid, 0, WNOHANG), 0);
    if (b->restarts || b->call == BlockPpoll) {
      Release();
    } else {
      kill(pid, SIGKILL);
    }
  }
  int status = StatusOf(pid);
  CHECK(status == 0 || (status == SIGKILL && !b->restarts && !FailsWhenContinued(b)));
  CloseEnds();
  close(ready[0]), close(ready[1]);
}

int main(void) {
  Watchdog(20);
  for (int i = 0; i < kBlocking; ++i) Try(&blocking[i]);
  return Done();
}

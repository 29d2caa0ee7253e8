// SIGSYS ignored, by default, and set in between planned calls: they go on working, and a sent
// SIGSYS does its own.
#include "planned.h"

static volatile int handled;
static void OnSigsys(int sig) { handled += sig == SIGSYS; }

static void Dies(void (*disposition)(int), int ignored_before) {
  pid_t pid = Fork();
  if (pid == 0) {
    if (ignored_before) signal(SIGSYS, SIG_IGN);
    MakePlannedCalls();
    signal(SIGSYS, disposition);
    MakePlannedCalls();
    CHECK_EQ(raise(SIGSYS), 0);
    _exit(9);
  }
  int status = StatusOf(pid);
  if (disposition == SIG_IGN) {
    CHECK_EQ(WEXITSTATUS(status), 9);
  } else {
    CHECK_EQ(WTERMSIG(status), SIGSYS);
  }
}

static void* Thread(void* argument) {
  CHECK_EQ(raise(SIGSYS), 0);
  MakePlannedCalls();
  return argument;
}

int main(void) {
  Watchdog(20);
  struct sigaction back;
  for (int i = 0; i < 3; ++i) {
    CHECK(signal(SIGSYS, SIG_IGN) == (i ? OnSigsys : SIG_DFL));
    for (int j = 0; j < 20; ++j) MakePlannedCalls();
    raise(SIGSYS), kill(getpid(), SIGSYS);
    CHECK_EQ(sigaction(SIGSYS, 0, &back), 0);
    CHECK(back.sa_handler == SIG_IGN);
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, 0, Thread, 0), 0);
    CHECK_EQ(pthread_join(thread, 0), 0);
    CHECK(signal(SIGSYS, SIG_DFL) == SIG_IGN);
    MakePlannedCalls();
    CHECK(signal(SIGSYS, OnSigsys) == SIG_DFL);
    raise(SIGSYS);
    CHECK_EQ(handled, i + 1);
    MakePlannedCalls();
  }
  Dies(SIG_DFL, 0), Dies(SIG_DFL, 1), Dies(SIG_IGN, 0), Dies(SIG_IGN, 1);

  return Done();
}

// SIGSYS blocked and raised stays pending, planned calls or not, until it is unblocked; each thread
// has its own mask.
#include "planned.h"

static volatile int handled;
static void OnSigsys(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)info, (void)context;
  ++handled;
  MakePlannedCalls();
}

static void* Thread(void* argument) {
  CHECK_EQ(Mask(), Bit(SIGSYS));  // inherited
  MakePlannedCalls();
  raise(SIGSYS);
  MakePlannedCalls();
  CHECK_EQ(handled, 0);
  SetMask(0);
  CHECK_EQ(handled, 1);
  MakePlannedCalls();
  return argument;
}

static void ByDefault(int unblocks) {
  pid_t pid = Fork();
  if (pid == 0) {
    SetMask(Bit(SIGSYS));
    signal(SIGSYS, SIG_DFL);
    MakePlannedCalls();
    raise(SIGSYS);
    for (int i = 0; i < 10; ++i) MakePlannedCalls();
    if (unblocks) SetMask(0);
    _exit(5);
  }
  int status = StatusOf(pid);
  if (unblocks) {
    CHECK_EQ(WTERMSIG(status), SIGSYS);
  } else {
    CHECK_EQ(WEXITSTATUS(status), 5);
  }
}

int main(void) {
  Watchdog(20);
  Handle(SIGSYS, OnSigsys, 0);
  for (int i = 0; i < 5; ++i) {
    SetMask(i % 2 ? ~0UL : Bit(SIGSYS));
    MakePlannedCalls();
    handled = 0;
    raise(SIGSYS);
    for (int j = 0; j < 10; ++j) MakePlannedCalls();
    CHECK_EQ(handled, 0);
    CHECK_EQ(Mask(), i % 2 ? Blockable(~0UL) : Bit(SIGSYS));
    SetMask(0);
    CHECK_EQ(handled, 1);
    MakePlannedCalls();

    SetMask(Bit(SIGSYS));
    pthread_t thread;
    handled = 0;
    CHECK_EQ(pthread_create(&thread, 0, Thread, 0), 0);
    CHECK_EQ(pthread_join(thread, 0), 0);
    CHECK_EQ(Mask(), Bit(SIGSYS));
  }
  ByDefault(0), ByDefault(1);
  return Done();
}

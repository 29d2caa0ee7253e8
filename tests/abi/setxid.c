// setgid and setuid in a process with threads: libc tells every thread by a signal of its own,
// blocked in a call or not.
#include "blocking.h"

static volatile int stop, ready;
static const struct Blocking* call;
static void* Blocked(void* argument) {
  ++ready;
  while (!stop) call->call();
  return argument;
}
static void* Busy(void* argument) {
  while (!stop) MakePlannedCalls();
  return argument;
}
static void OnSignal(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)info, (void)context;
}

int main(void) {
  Watchdog(20);
  Handle(SIGUSR1, OnSignal, 0);
  for (int i = 0; i < kBlocking; ++i) {
    pthread_t blocked, busy;
    call = &blocking[i];
    check_context = call->name;
    OpenEnds();
    stop = ready = 0;
    CHECK_EQ(pthread_create(&blocked, 0, Blocked, 0), 0);
    CHECK_EQ(pthread_create(&busy, 0, Busy, 0), 0);
    while (!ready) SleepMs(1);
    SleepMs(5);
    for (int j = 0; j < 5; ++j) {
      CHECK_EQ(setgid(getgid()), 0);
      MakePlannedCalls();
      CHECK_EQ(setuid(getuid()), 0);
    }
    stop = 1;
    while (pthread_tryjoin_np(blocked, 0) == EBUSY) pthread_kill(blocked, SIGUSR1), SleepMs(1);
    CHECK_EQ(pthread_join(busy, 0), 0);
    CloseEnds();
  }
  return Done();
}

// limit: a SIGSYS sent at the moment of a trapped call takes the place of the trap

// SIGSYS sent again and again to a thread that makes planned calls: each is handled, each call is
// right.
#include "planned.h"

static volatile int count, depth, running;
static void OnSigsys(int sig) {
  CHECK_EQ(sig, SIGSYS);
  ++depth;
  ++count;
  --depth;
}

static void* Thread(void* argument) {
  running = 1;
  while (running) MakePlannedCalls();
  return argument;
}

int main(void) {
  Watchdog(20);
  CHECK(signal(SIGSYS, OnSigsys) != SIG_ERR);
  pthread_t thread;
  CHECK_EQ(pthread_create(&thread, 0, Thread, 0), 0);
  while (!running) SleepMs(1);
  for (int i = 1; i <= 4000; ++i) {
    CHECK_EQ(pthread_kill(thread, SIGSYS), 0);
    for (double start = Now(); count != i || depth != 0;) {
      sched_yield();
      CHECK(Now() - start < 1);  // lost
    }
  }
  running = 0;
  CHECK_EQ(pthread_join(thread, 0), 0);
  return Done();
}

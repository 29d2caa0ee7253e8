// A handler every 100 us while planned calls are made in loops: every result right, no EINTR,
// nothing leaks, in threads too.
#include <sys/time.h>

#include "planned.h"

static volatile int alarms, stop;
static void OnAlarm(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)info, (void)context;
  // On a slow machine handlers that may be interrupted by themselves would fill the stack.
  static __thread volatile int depth;
  if (++depth < 8 && ++alarms % 16 == 0) MakePlannedCalls();
  --depth;
}

static void* Loop(void* argument) {
  const uint64_t own = argument ? Bit(SIGUSR2) | Bit(SIGSYS) : 0;
  SetMask(own);
  while (!stop) {
    MakePlannedCalls();
    CHECK_EQ(Mask(), own);
  }
  SetMask(0);
  return argument;
}

static void Storm(int flags, int threads) {
  // Where a tracer sees each signal, one may take more than 100 us to be delivered; the next that
  // need not wait for its handler then comes before the first instruction of that, and the next.
  const int us = flags & SA_NODEFER ? 500 * Slow() : 100;
  const struct itimerval often = {{0, us}, {0, us}}, never = {{0, 0}, {0, 0}};
  pthread_t others[3];
  const int descriptors = CountDescriptors();
  stop = alarms = 0;
  Handle(SIGALRM, OnAlarm, flags);
  CHECK_EQ(setitimer(ITIMER_REAL, &often, 0), 0);
  for (int i = 0; i < threads; ++i) {
    CHECK_EQ(pthread_create(&others[i], 0, Loop, i % 2 ? (void*)others : 0), 0);
  }
  for (double end = Now() + 0.8; Now() < end;) {
    MakePlannedCalls();
    CHECK_EQ(Mask(), 0);
  }
  stop = 1;
  for (int i = 0; i < threads; ++i) CHECK_EQ(pthread_join(others[i], 0), 0);
  CHECK_EQ(setitimer(ITIMER_REAL, &never, 0), 0);
  CHECK(alarms > 50);
  CHECK_EQ(CountDescriptors(), descriptors);
}

int main(void) {
  Watchdog(20);
  static char space[64 << 10];
  const stack_t stack = {.ss_sp = space, .ss_size = sizeof(space)};
  CHECK_EQ(sigaltstack(&stack, 0), 0);
  Storm(0, 0), Storm(SA_ONSTACK, 0), Storm(SA_RESTART | SA_NODEFER, 0), Storm(0, 3);
  return Done();
}

// 64 threads at a time, created in 50 rounds with all signals blocked; each makes planned calls.
#include "planned.h"

enum { kThreads = 64, kRounds = 50 };
static uint64_t expected;

static void* Run(void* argument) {
  CHECK_EQ(Mask() & ~LibcSignals(), expected & ~LibcSignals());
  MakePlannedCalls();
  CHECK_EQ(Mask() & ~LibcSignals(), expected & ~LibcSignals());
  return argument;
}

int main(void) {
  Watchdog(20);
  int descriptors = CountDescriptors();
  pthread_attr_t small;
  CHECK_EQ(pthread_attr_init(&small), 0);
  CHECK_EQ(pthread_attr_setstacksize(&small, 64 << 10), 0);
  for (int round = 0; round < kRounds; ++round) {
    pthread_t threads[kThreads];
    sigset_t all, none;
    sigfillset(&all), sigemptyset(&none);
    CHECK_EQ(pthread_sigmask(SIG_SETMASK, round % 2 ? &all : &none, 0), 0);
    if (round % 4 == 3) SetMask(~0UL);  // those that libc keeps for itself, too
    expected = Mask();
    for (int i = 0; i < kThreads; ++i) {
      CHECK_EQ(pthread_create(&threads[i], &small, Run, (void*)(intptr_t)i), 0);
    }
    MakePlannedCalls();
    for (int i = 0; i < kThreads; ++i) {
      void* result;
      CHECK_EQ(pthread_join(threads[i], &result), 0);
      CHECK(result == (void*)(intptr_t)i);
    }
    CHECK_EQ(Mask() & ~LibcSignals(), expected & ~LibcSignals());
  }
  CHECK_EQ(CountDescriptors(), descriptors);
  return Done();
}

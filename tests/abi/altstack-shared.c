// Several threads with one and the same alternate stack: wrong as soon as two of them have a signal at
// a time, harmless as long as none has one.
#include "planned.h"

static char space[64 << 10];

static void* Run(void* argument) {
  const stack_t stack = {.ss_sp = space, .ss_size = sizeof(space)};
  stack_t old;
  CHECK_EQ(sigaltstack(&stack, 0), 0);
  for (int i = 0; i < 200; ++i) {
    MakePlannedCalls();
    sigset_t all, mask;
    sigfillset(&all);
    CHECK_EQ(pthread_sigmask(SIG_SETMASK, &all, &mask), 0);
    CHECK_EQ(pthread_sigmask(SIG_SETMASK, &mask, 0), 0);
  }
  CHECK_EQ(sigaltstack(0, &old), 0);
  CHECK_EQ(old.ss_sp, space);
  CHECK_EQ(old.ss_size, sizeof(space));
  CHECK_EQ(old.ss_flags, 0);
  return argument;
}

int main(void) {
  Watchdog(20);
  pthread_t threads[8];
  for (int i = 0; i < 8; ++i) CHECK_EQ(pthread_create(&threads[i], 0, Run, 0), 0);
  Run(0);
  for (int i = 0; i < 8; ++i) CHECK_EQ(pthread_join(threads[i], 0), 0);
  return Done();
}

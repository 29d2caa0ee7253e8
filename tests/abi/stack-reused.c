// A thread's alternate stack once belonged to another that is gone, which had SIGSYS blocked and a
// small stack of its own: a child inherits what its parent's thread has, not what that one had.
#include "planned.h"

enum { kThreads = 40 };

static void CheckStack(size_t size) {
  stack_t now;
  CHECK_EQ(sigaltstack(0, &now), 0);
  CHECK_EQ(now.ss_flags & SS_DISABLE, size == 0 ? SS_DISABLE : 0);
  if (size != 0) CHECK_EQ(now.ss_size, size);
}

static void* Before(void* argument) {
  char* memory = malloc(MINSIGSTKSZ);
  const stack_t small = {.ss_sp = memory, .ss_size = MINSIGSTKSZ};
  SetMask(~0UL);
  CHECK_EQ(sigaltstack(&small, 0), 0);
  MakePlannedCalls();
  CheckStack(MINSIGSTKSZ);
  return argument;
}

static void CheckChild(void) {
  CHECK_EQ(Mask() & Bit(SIGSYS), 0);
  CheckStack(0);
  MakePlannedCalls();
}

static void* After(void* argument) {
  CHECK_EQ(Mask() & Bit(SIGSYS), 0);
  MakePlannedCalls();
  pid_t pid = Fork();
  if (pid == 0) {
    CheckChild();
    _exit(0);
  }
  CHECK_EQ(StatusOf(pid), 0);
  pid = vfork();
  if (pid == 0) {
    CheckChild();
    _exit(0);
  }
  CHECK_EQ(StatusOf(pid), 0);
  return argument;
}

static void OneByOne(void* (*run)(void*)) {
  for (int i = 0; i < kThreads; ++i) {
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, 0, run, 0), 0);
    CHECK_EQ(pthread_join(thread, 0), 0);
  }
}

int main(void) {
  Watchdog(20);
  OneByOne(Before);
  OneByOne(After);
  return Done();
}

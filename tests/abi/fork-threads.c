// fork() of a process whose other threads make planned calls: children and theirs make them, too.
#include "planned.h"

static volatile int stop;
static void* Busy(void* argument) {
  while (!stop) MakePlannedCalls();
  return argument;
}
static void* InChildThread(void* argument) {
  for (int i = 0; i < 5; ++i) MakePlannedCalls();
  return argument;
}

__attribute__((noreturn)) static void Child(int depth) {
  uint64_t mask = Mask();
  MakePlannedCalls();
  pthread_t thread;
  CHECK_EQ(pthread_create(&thread, 0, InChildThread, 0), 0);
  MakePlannedCalls();
  CHECK_EQ(pthread_join(thread, 0), 0);
  if (depth > 0) {
    pid_t pid = Fork();
    if (pid == 0) Child(depth - 1);
    MakePlannedCalls();
    CHECK_EQ(StatusOf(pid), 0);
  }
  CHECK_EQ(Mask(), mask);
  _exit(0);
}

int main(void) {
  Watchdog(20);
  pthread_t busy[2];
  int descriptors = CountDescriptors();
  for (int i = 0; i < 2; ++i) CHECK_EQ(pthread_create(&busy[i], 0, Busy, 0), 0);
  for (int i = 0; i < 90; ++i) {
    SetMask(i % 3 ? 0 : ~0UL);
    pid_t pid = Fork();
    if (pid == 0) Child(i % 3);
    MakePlannedCalls();
    CHECK_EQ(StatusOf(pid), 0);
  }
  stop = 1;
  for (int i = 0; i < 2; ++i) CHECK_EQ(pthread_join(busy[i], 0), 0);
  CHECK_EQ(CountDescriptors(), descriptors);

  // Raw fork, from a thread that has not trapped yet, past libc's own handlers.
  for (int i = 0; i < 50; ++i) {
    long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    CHECK(pid >= 0);
    if (pid == 0) {
      MakePlannedCalls();
      _exit(0);
    }
    CHECK_EQ(StatusOf(pid), 0);
  }
  return Done();
}

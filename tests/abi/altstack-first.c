// An alternate stack that is the first thing a thread sets, before any other call: it reads back,
// however small it is.
#include "planned.h"

static void* Set(void* argument) {
  const size_t size = (intptr_t)argument;
  char* map = mmap(0, 64 << 10, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const stack_t stack = {.ss_sp = map, .ss_size = size}, off = {.ss_flags = SS_DISABLE};
  stack_t back;
  CHECK_EQ(syscall(SYS_sigaltstack, &stack, 0), 0);
  for (int i = 0; i < 3; ++i) {
    CHECK_EQ(syscall(SYS_sigaltstack, 0, &back), 0);
    CHECK(back.ss_sp == map && back.ss_size == size && back.ss_flags == 0);
    MakePlannedCalls();
  }
  CHECK_EQ(syscall(SYS_sigaltstack, &off, 0), 0);
  CHECK_EQ(munmap(map, 64 << 10), 0);
  return argument;
}

int main(void) {
  const size_t sizes[] = {2048, 64 << 10, 8192};
  Set((void*)sizes[0]);
  Watchdog(20);
  for (int i = 0; i < 30; ++i) {
    const size_t size = sizes[i % 3];
    pid_t pid = Fork();
    if (pid == 0) {
      Set((void*)size);
      _exit(0);
    }
    CHECK_EQ(StatusOf(pid), 0);
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, 0, Set, (void*)size), 0);
    CHECK_EQ(pthread_join(thread, 0), 0);
  }
  return Done();
}

// Alternate stacks of 2,048 bytes and a little more, on which the kernel's frame has no room;
// harmless without a signal.
#include <sys/mman.h>

#include "planned.h"

static volatile int handled;
static char* volatile at;
static void OnSignal(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)info, (void)context;
  at = (char*)&info;
  ++handled;
}
static void OnSignalWithCalls(int sig, siginfo_t* info, void* context) {
  OnSignal(sig, info, context);
  MakePlannedCalls();
}

static void Try(size_t size, int delivers) {
  // The stack ends a page; what lies below is guarded.
  const size_t page = 4096, room = (size + page - 1) / page * page;
  char* map = mmap(0, page + room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(map != MAP_FAILED);
  CHECK_EQ(mprotect(map + page, room, PROT_READ | PROT_WRITE), 0);
  memset(map + page, 0x5a, room);
  const stack_t stack = {.ss_sp = map + page, .ss_size = size}, off = {.ss_flags = SS_DISABLE};
  stack_t back;
  CHECK_EQ(sigaltstack(&stack, 0), 0);
  for (int i = 0; i < 10; ++i) MakePlannedCalls();
  // A stack with room may be used by any signal, those that a program does not see included.
  for (size_t i = 0; i < room && size <= 8192; ++i) CHECK_EQ(map[page + i], 0x5a);
  CHECK_EQ(sigaltstack(0, &back), 0);
  CHECK(back.ss_sp == stack.ss_sp && back.ss_size == size && back.ss_flags == 0);
  handled = 0;
  Handle(SIGUSR1, OnSignalWithCalls, 0);  // on the thread's own stack
  raise(SIGUSR1);
  CHECK_EQ(handled, 1);
  if (delivers) {
    Handle(SIGUSR1, OnSignal, SA_ONSTACK);
    raise(SIGUSR1);
    CHECK_EQ(handled, 2);
    // Where exactly: altstack-8-KiB.
    if (size > 16 << 10) CHECK(at >= map + page && at < map + page + size);
    MakePlannedCalls();
  }
  CHECK_EQ(sigaltstack(0, &back), 0);
  CHECK(back.ss_sp == stack.ss_sp && back.ss_size == size && back.ss_flags == 0);
  CHECK_EQ(sigaltstack(&off, 0), 0);
  CHECK_EQ(munmap(map, page + room), 0);
  MakePlannedCalls();
}

static void* All(void* argument) {
  const size_t sizes[] = {2048, 2560, 3072, 8192, 64 << 10};
  for (int round = 0; round < 4; ++round) {
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); ++i) Try(sizes[i], sizes[i] >= 8192);
  }
  return argument;
}

int main(void) {
  Watchdog(20);
  All(0);
  for (int i = 0; i < 4; ++i) {
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, 0, All, 0), 0);
    CHECK_EQ(pthread_join(thread, 0), 0);
  }
  return Done();
}

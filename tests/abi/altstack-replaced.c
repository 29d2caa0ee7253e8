// One alternate stack after another, large and small: the one set last is used, the earlier ones
// may be unmapped.
#include "planned.h"

static volatile int handled;
static char* volatile at;
static void OnSignal(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)context;
  at = (char*)&info;
  ++handled;
  MakePlannedCalls();
}

static void* All(void* argument) {
  const size_t sizes[] = {64 << 10, 2048, 128 << 10, 64 << 10, 0, 32 << 10, 2560, 0, 2048};
  char* before = 0;
  size_t size_before = 0;
  if (argument) MakePlannedCalls();
  for (int i = 0; i < 27; ++i) {
    static char where[32];
    const size_t size = sizes[i % 9];
    stack_t stack = {.ss_size = size, .ss_flags = size ? 0 : SS_DISABLE}, back;
    snprintf(where, sizeof(where), "step %d, %zu bytes", i, size);
    check_context = where;
    char* map = mmap(0, 128 << 10, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    stack.ss_sp = size ? map : 0;
    CHECK_EQ(sigaltstack(&stack, &back), 0);
    CHECK(back.ss_sp == before && back.ss_size == size_before);
    CHECK_EQ(back.ss_flags, size_before ? 0 : SS_DISABLE);
    if (before) CHECK_EQ(munmap(before, 128 << 10), 0);
    MakePlannedCalls();
    CHECK_EQ(sigaltstack(0, &back), 0);
    CHECK(back.ss_sp == stack.ss_sp && back.ss_size == size && back.ss_flags == stack.ss_flags);
    if (size >= 32 << 10) {  // a smaller one has no room for the kernel's frame, or hardly
      handled = 0;
      raise(SIGUSR1);
      CHECK_EQ(handled, 1);
      CHECK(at >= map && at < map + size);
    }
    before = stack.ss_sp, size_before = size;
    if (!size) munmap(map, 128 << 10);
  }
  const stack_t off = {.ss_flags = SS_DISABLE};
  CHECK_EQ(sigaltstack(&off, 0), 0);
  CHECK_EQ(munmap(before, 128 << 10), 0);
  MakePlannedCalls();
  return argument;
}

int main(void) {
  Watchdog(20);
  Handle(SIGUSR1, OnSignal, SA_ONSTACK);
  All(0), All((void*)1);
  for (int i = 0; i < 2; ++i) {
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, 0, All, (void*)(intptr_t)i), 0);
    CHECK_EQ(pthread_join(thread, 0), 0);
  }
  return Done();
}

// Guards below a stack, as language runtimes keep them: an overflow that is left by siglongjmp, and
// a yellow page that the handler opens to let the thread go on. On an alternate stack, in threads.
#include <setjmp.h>
#include <sys/mman.h>

#include "planned.h"

enum { kPage = 4096, kGuard = 8 * kPage, kStack = 64 * kPage, kAlternate = 64 << 10, kRounds = 20 };

struct stack {
  char *guard, *yellow;  // 8 pages, and the one above them
  char* alternate;
  sigjmp_buf back;
  volatile char* fault;
  volatile int overflows, yellows;
};
static __thread struct stack* mine;

static void OnFault(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)context;
  char here;
  char* const at = info->si_addr;
  CHECK(&here >= mine->alternate && &here < mine->alternate + kAlternate);
  CHECK_EQ(info->si_code, SEGV_ACCERR);
  MakePlannedCalls();
  mine->fault = at;
  if (at >= mine->yellow && at < mine->yellow + kPage) {
    CHECK_EQ(mprotect(mine->yellow, kPage, PROT_READ | PROT_WRITE), 0);
    ++mine->yellows;
    return;
  }
  CHECK(at >= mine->guard && at < mine->guard + kGuard);
  ++mine->overflows;
  siglongjmp(mine->back, 1);
}

__attribute__((noinline)) static int Recurse(int depth) {
  volatile char frame[512];
  for (int i = 0; i < 512; i += 64) frame[i] = (char)depth;
  if (depth % 32 == 0 && depth < 200) MakePlannedCalls();
  return depth < 0 ? 0 : Recurse(depth + 1) + frame[depth % 512];
}
// To an address where one more page is enough, and no more.
static int Touch(volatile char* at) { return *at = 1; }

static void* Overflow(void* argument) {
  mine = argument;
  const stack_t alternate = {.ss_sp = mine->alternate, .ss_size = kAlternate};
  CHECK_EQ(sigaltstack(&alternate, 0), 0);
  const uint64_t mask = Mask();
  for (volatile int round = 1; round <= kRounds; ++round) {
    CHECK_EQ(mprotect(mine->yellow, kPage, PROT_NONE), 0);
    Touch(mine->yellow + round);
    CHECK(mine->fault == mine->yellow + round);
    CHECK_EQ(mine->yellows, 2 * round - 1);
    CHECK_EQ(mprotect(mine->yellow, kPage, PROT_NONE), 0);
    if (sigsetjmp(mine->back, 1) == 0) {
      Recurse(0);
      CHECK(!"the end of the recursion");
    }
    CHECK_EQ(mine->yellows, 2 * round);
    CHECK_EQ(mine->overflows, round);
    CHECK_EQ(Mask(), mask);
    MakePlannedCalls();
    stack_t now;
    CHECK_EQ(sigaltstack(0, &now), 0);
    CHECK(now.ss_sp == mine->alternate && now.ss_flags == 0);
  }
  return argument;
}

static void Start(pthread_t* thread, struct stack* stack) {
  const int protection = PROT_READ | PROT_WRITE;
  char* map = mmap(0, kStack, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(map != MAP_FAILED);
  stack->guard = map, stack->yellow = map + kGuard;
  stack->alternate = mmap(0, kAlternate, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(stack->alternate != MAP_FAILED);
  CHECK_EQ(mprotect(stack->guard, kGuard, PROT_NONE), 0);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  CHECK_EQ(pthread_attr_setstack(&attributes, map, kStack), 0);
  CHECK_EQ(pthread_create(thread, &attributes, Overflow, stack), 0);
}

int main(void) {
  Watchdog(20);
  Handle(SIGSEGV, OnFault, SA_ONSTACK);
  static struct stack stacks[3];
  pthread_t threads[3];
  for (int i = 0; i < 3; ++i) Start(&threads[i], &stacks[i]);
  for (int i = 0; i < 3; ++i) CHECK_EQ(pthread_join(threads[i], 0), 0);
  for (int i = 0; i < 3; ++i) CHECK_EQ(stacks[i].overflows, kRounds);
  return Done();
}

// SS_AUTODISARM, Linux 4.7: who is told that he has such a stack has it, and who is refused has
// what he had before. The first of them is the first call of all that an older host traps.
#include "planned.h"

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1U << 31)
#endif

static char space[64 << 10];
static volatile int handled;

static void Reads(const void* at, size_t size, int flags) {
  stack_t stack;
  memset(&stack, 0x55, sizeof(stack));
  CHECK_EQ(syscall(SYS_sigaltstack, 0, &stack), 0);
  CHECK_EQ(stack.ss_flags, flags);
  CHECK_EQ(stack.ss_sp, at);
  CHECK_EQ(stack.ss_size, size);
}

static void OnSignal(int sig, siginfo_t* info, void* context) {
  char here;
  (void)sig, (void)info, (void)context;
  CHECK(&here >= space && &here < space + sizeof(space));
  Reads(0, 0, SS_DISABLE);
  ++handled;
}

int main(void) {
  for (int i = 0; i < 3; ++i) {
    const stack_t stack = {.ss_sp = space, .ss_flags = SS_AUTODISARM, .ss_size = sizeof(space)};
    const stack_t small = {.ss_sp = space, .ss_flags = SS_AUTODISARM, .ss_size = 2048};
    const stack_t off = {.ss_flags = SS_DISABLE};
    if (syscall(SYS_sigaltstack, &stack, 0) == 0) {
      Reads(space, sizeof(space), SS_AUTODISARM);
      Handle(SIGUSR1, OnSignal, SA_ONSTACK), raise(SIGUSR1);
      CHECK_EQ(handled, i + 1);
      Reads(space, sizeof(space), SS_AUTODISARM);
      CHECK_EQ(syscall(SYS_sigaltstack, &small, 0), 0);
      Reads(space, 2048, SS_AUTODISARM);
      CHECK_EQ(syscall(SYS_sigaltstack, &off, 0), 0);
    } else {
      CHECK_EQ(errno, EINVAL);
      CHECK_ERRNO(syscall(SYS_sigaltstack, &small, 0), EINVAL);
    }
    Reads(0, 0, SS_DISABLE);
    MakePlannedCalls();
  }
  return Done();
}

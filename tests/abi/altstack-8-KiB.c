// limit: an alternate stack of less than 16 KiB is replaced by one of abishim's, where handlers run

// A handler runs on an alternate stack of 8 KiB (SIGSTKSZ of old), exactly there.
#include "planned.h"

static char space[8192];
static char* volatile at;
static void OnSignal(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)info, (void)context;
  at = __builtin_frame_address(0);
}

int main(void) {
  Watchdog(20);
  const stack_t stack = {.ss_sp = space, .ss_size = sizeof(space)};
  Handle(SIGUSR1, OnSignal, SA_ONSTACK);
  CHECK_EQ(sigaltstack(&stack, 0), 0);
  for (int i = 0; i < 3; ++i) {
    MakePlannedCalls();
    raise(SIGUSR1);
    CHECK(at >= space && at < space + sizeof(space));
  }
  return Done();
}

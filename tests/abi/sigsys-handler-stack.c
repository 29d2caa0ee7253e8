// limit: SIGSYS has abishim's handler, which needs SA_ONSTACK, and the program's runs where it does

// A SIGSYS handler without SA_ONSTACK runs on the thread's own stack.
#include "planned.h"

static char alternate[64 << 10];
static char* volatile at;
static void OnSigsys(int sig) {
  char here;
  at = &here;
  CHECK_EQ(sig, SIGSYS);
}

int main(void) {
  Watchdog(20);
  const stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate)};
  char here;
  CHECK(signal(SIGSYS, OnSigsys) != SIG_ERR);
  for (int i = 0; i < 4; ++i) {
    MakePlannedCalls();
    raise(SIGSYS);
    CHECK(at < &here && at > &here - (1 << 20));
    if (i == 1) CHECK_EQ(sigaltstack(&stack, 0), 0);
  }
  return Done();
}

// libc: glibc
// makecontext and swapcontext: planned calls on small stacks of the program's own, also while
// handlers switch contexts.
#include <sys/time.h>
#include <ucontext.h>

#include "planned.h"

enum { kContexts = 8, kRounds = 200, kStack = 16 << 10 };
static ucontext_t main_context, contexts[kContexts];
static char stacks[kContexts][kStack] __attribute__((aligned(16)));
static int turns;

static void Run(int self) {
  for (int i = 0; i < kRounds; ++i) {
    char here;
    MakePlannedCalls();
    CHECK(&here > stacks[self] && &here < stacks[self] + kStack);
    CHECK_EQ(Mask(), self % 2 ? Bit(SIGUSR1) | Bit(SIGSYS) : 0);
    ++turns;
    CHECK_EQ(swapcontext(&contexts[self], &contexts[(self + 1) % kContexts]), 0);
  }
}

static volatile int alarms;
static void OnAlarm(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)info, (void)context;
  ++alarms;
}

int main(void) {
  Watchdog(20);
  const struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
  static char alternate[64 << 10];
  const stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate)};
  CHECK_EQ(sigaltstack(&stack, 0), 0);
  Handle(SIGALRM, OnAlarm, SA_ONSTACK | SA_RESTART);
  CHECK_EQ(setitimer(ITIMER_REAL, &often, 0), 0);
  for (int i = 0; i < kContexts; ++i) {
    CHECK_EQ(getcontext(&contexts[i]), 0);
    contexts[i].uc_stack.ss_sp = stacks[i];
    contexts[i].uc_stack.ss_size = kStack;
    contexts[i].uc_link = &main_context;
    sigemptyset(&contexts[i].uc_sigmask);
    if (i % 2)
      sigaddset(&contexts[i].uc_sigmask, SIGUSR1), sigaddset(&contexts[i].uc_sigmask, SIGSYS);
    makecontext(&contexts[i], (void (*)(void))Run, 1, i);
  }
  CHECK_EQ(swapcontext(&main_context, &contexts[0]), 0);
  CHECK_EQ(setitimer(ITIMER_REAL, &never, 0), 0);
  CHECK(turns > kContexts * (kRounds - 1));
  CHECK(alarms > 0);
  CHECK_EQ(Mask(), 0);
  MakePlannedCalls();
  return Done();
}

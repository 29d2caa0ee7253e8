// Syscall User Dispatch, as Wine does it: SIGSYS for every call while the selector says so; the
// handler answers them.
#include <ucontext.h>

#include "planned.h"

enum { kSetDispatch = 59, kDispatchOff = 0, kDispatchOn = 1, kSysUserDispatch = 2 };
enum { kAllow = 0, kBlock = 1 };

static volatile char selector = kAllow;
static volatile int handled, seen_nr, seen_code;
static void OnSigsys(int sig, siginfo_t* info, void* context) {
  selector = kAllow;  // first of all: our own calls, rt_sigreturn included
  ++handled;
  seen_code = info->si_code;
  ucontext_t* c = context;
  seen_nr = c->uc_mcontext.gregs[REG_RAX];
  CHECK_EQ(sig, SIGSYS);
  MakePlannedCalls();
  if (info->si_code == kSysUserDispatch) c->uc_mcontext.gregs[REG_RAX] = 4711;
}

// Inline, so that nothing else is called while the selector is set.
static long Blocked(long nr) {
  long result;
  register long r10 __asm__("r10") = 0;
  selector = kBlock;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(nr), "D"(0L), "S"(0L), "d"(0L), "r"(r10)
                   : "rcx", "r11", "memory");
  selector = kAllow;
  return result;
}

int main(void) {
  Watchdog(20);
  Handle(SIGSYS, OnSigsys, 0);
  MakePlannedCalls();
  if (prctl(kSetDispatch, kDispatchOn, 0L, 0L, &selector) == -1) {
    CHECK_EQ(errno, EINVAL);
    dprintf(1, "no Syscall User Dispatch here\n");
    return kNotHere;
  }
  const int numbers[] = {SYS_getpid,         SYS_getrandom,    SYS_statx,       SYS_epoll_pwait2,
                         SYS_rt_sigprocmask, SYS_rt_sigaction, SYS_sigaltstack, 4000};
  for (int i = 0; i < 80; ++i) {
    const int nr = numbers[i % 8];
    MakePlannedCalls();
    handled = 0;
    CHECK_EQ(Blocked(nr), 4711);
    CHECK_EQ(handled, 1);
    CHECK_EQ(seen_code, kSysUserDispatch);
    CHECK_EQ(seen_nr, nr);
    CHECK_EQ(Mask(), 0);
  }
  CHECK_EQ(prctl(kSetDispatch, kDispatchOff, 0L, 0L, 0L), 0);
  handled = 0;
  CHECK_EQ(Blocked(SYS_getppid), getppid());
  CHECK_EQ(handled, 0);
  raise(SIGSYS);
  CHECK(handled == 1 && seen_code == SI_TKILL);
  MakePlannedCalls();
  return Done();
}

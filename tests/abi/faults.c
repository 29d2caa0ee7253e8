// SIGSEGV and SIGBUS handlers: address and code, stack, mask, RESETHAND, NODEFER, siglongjmp, and
// those sent by kill.
#include <setjmp.h>
#include <ucontext.h>

#include "planned.h"

static sigjmp_buf back;
static volatile siginfo_t seen;
static volatile uint64_t during, saved;
static volatile int handled, on_alternate;
static char alternate[64 << 10];
static void OnFault(int sig, siginfo_t* info, void* context) {
  (void)sig;
  char here;
  seen = *info, ++handled;
  during = Mask(), saved = Bits(&((ucontext_t*)context)->uc_sigmask);
  on_alternate = &here >= alternate && &here < alternate + sizeof(alternate);
  MakePlannedCalls();
  if (info->si_code > 0) siglongjmp(back, 1);
}

static char *const unmapped = (char*)0x123450000, *no_access, *read_only, *past_end;
static void Map(void) {
  no_access = mmap(0, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  read_only = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char path[] = "/tmp/abi.XXXXXX";
  int fd = mkstemp(path);
  CHECK(fd >= 0 && unlink(path) == 0 && ftruncate(fd, 4096) == 0);
  past_end = (char*)mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) + 4096;
  close(fd);
}

static void Touch(int sig, char* at, int code, const void* address, int flags, int blocks) {
  struct sigaction action = {.sa_sigaction = OnFault, .sa_flags = flags | SA_SIGINFO}, now;
  sigaddset(&action.sa_mask, SIGWINCH);
  if (blocks) sigaddset(&action.sa_mask, SIGSYS);
  CHECK_EQ(sigaction(sig, &action, 0), 0);
  const uint64_t own = Bit(SIGUSR1) | (blocks ? Bit(SIGSYS) : 0);
  SetMask(own);
  handled = 0;
  if (sigsetjmp(back, 1) == 0) {
    MakePlannedCalls();
    *(volatile char*)at = 1;
    CHECK(!"reached");
  }
  CHECK_EQ(handled, 1);
  CHECK_EQ(seen.si_signo, sig);
  CHECK_EQ(seen.si_code, code);
  CHECK_EQ(seen.si_addr, address);
  CHECK_EQ(on_alternate, !!(flags & SA_ONSTACK));
  CHECK_EQ(saved, own);
  CHECK_EQ(during, own | Bits(&action.sa_mask) | (flags & SA_NODEFER ? 0 : Bit(sig)));
  CHECK_EQ(Mask(), own);
  CHECK_EQ(sigaction(sig, 0, &now), 0);
  CHECK(flags & SA_RESETHAND ? now.sa_handler == SIG_DFL : now.sa_sigaction == OnFault);
  stack_t stack;
  CHECK_EQ(sigaltstack(0, &stack), 0);
  CHECK(stack.ss_sp == alternate && stack.ss_flags == 0);
  MakePlannedCalls();
}

static void Sent(int sig) {
  Handle(sig, OnFault, 0);
  SetMask(0);
  handled = 0;
  raise(sig);
  CHECK(handled == 1 && seen.si_code == SI_TKILL && seen.si_pid == getpid());
  const union sigval value = {.sival_int = 4711};
  sigqueue(getpid(), sig, value);
  CHECK(handled == 2 && seen.si_code == SI_QUEUE && seen.si_value.sival_int == 4711);
  kill(getpid(), sig);
  CHECK(handled == 3 && seen.si_code == SI_USER && seen.si_pid == getpid());
  SetMask(Bit(sig));
  kill(getpid(), sig);
  MakePlannedCalls();
  CHECK_EQ(handled, 3);
  SetMask(0);
  CHECK_EQ(handled, 4);
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  CHECK_EQ(sigaction(sig, &ignore, 0), 0);
  raise(sig);
  MakePlannedCalls();
}

int main(void) {
  Watchdog(20);
  Map();
  const stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate)};
  CHECK_EQ(sigaltstack(&stack, 0), 0);
  const int flags[] = {0, SA_ONSTACK, SA_NODEFER, SA_RESETHAND | SA_ONSTACK,
                       SA_RESTART | SA_ONSTACK | SA_NODEFER};
  for (int i = 0; i < 10; ++i) {
    const int f = flags[i % 5], blocks = i >= 5;
    Touch(SIGSEGV, unmapped + 5, SEGV_MAPERR, unmapped + 5, f, blocks);
    Touch(SIGSEGV, (char*)8, SEGV_MAPERR, (char*)8, f, blocks);
    Touch(SIGSEGV, no_access + 4095, SEGV_ACCERR, no_access + 4095, f, blocks);
    Touch(SIGSEGV, read_only, SEGV_ACCERR, read_only, f, blocks);
    Touch(SIGSEGV, (char*)(1UL << 62), SI_KERNEL, 0, f, blocks);  // not canonical
    Touch(SIGBUS, past_end + 7, BUS_ADRERR, past_end + 7, f, blocks);
  }
  Sent(SIGSEGV), Sent(SIGBUS);
  return Done();
}

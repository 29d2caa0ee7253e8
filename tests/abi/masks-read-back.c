// Masks and actions read back as they were written, SIGSYS, SIGSEGV and SIGBUS included, in threads
// and children.
#include "planned.h"

struct KernelAction {
  void* handler;
  unsigned long flags;
  void* restorer;
  uint64_t mask;
};

static void Masks(void) {
  uint64_t random[64], old, mask = 0;
  CHECK_EQ(Getrandom(random, sizeof(random)), sizeof(random));
  SetMask(0);
  for (int i = 0; i < 64; ++i) {
    const uint64_t set = i % 4 == 3 ? Bit(SIGSYS) : random[i] & ~LibcSignals();
    const int how = i % 3;
    CHECK_EQ(syscall(SYS_rt_sigprocmask, how, &set, &old, kMaskBytes), 0);
    CHECK_EQ(old, mask);
    mask = how == SIG_BLOCK ? mask | set : how == SIG_UNBLOCK ? mask & ~set : set;
    mask = Blockable(mask);
    CHECK_EQ(Mask(), mask);
    if (i % 5 == 0) MakePlannedCalls();
    // One buffer for both: the set is read before the old mask is written.
    old = set;
    CHECK_EQ(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &old, &old, kMaskBytes), 0);
    CHECK_EQ(old, mask);
    mask = Blockable(mask | set);
    CHECK_EQ(Mask(), mask);
  }
}

static void* MasksInThread(void* argument) {
  CHECK_EQ(Mask(), *(uint64_t*)argument);
  Masks();
  return argument;
}

static void Actions(int sig) {
  struct KernelAction was, back;
  const struct KernelAction written[] = {
      {(void*)0x1234560, SA_SIGINFO | SA_RESTART | 0x04000000, (void*)0x6543210,
       Bit(SIGSYS) | Bit(SIGUSR1)},
      {(void*)0x7654320, SA_NODEFER | SA_ONSTACK, 0, ~0UL},
      {(void*)0x7654328, SA_RESETHAND, (void*)0x1111, Bit(SIGSEGV) | Bit(SIGBUS)},
      {SIG_IGN, 0, 0, Bit(SIGSYS)},
      {SIG_DFL, SA_NOCLDSTOP, 0, 0}};
  CHECK_EQ(syscall(SYS_rt_sigaction, sig, 0, &was, kMaskBytes), 0);
  struct KernelAction expected = was;
  for (size_t i = 0; i < sizeof(written) / sizeof(written[0]); ++i) {
    CHECK_EQ(syscall(SYS_rt_sigaction, sig, &written[i], &back, kMaskBytes), 0);
    CHECK(back.handler == expected.handler && back.restorer == expected.restorer);
    CHECK_EQ(back.flags, expected.flags);
    CHECK_EQ(back.mask, expected.mask);
    MakePlannedCalls();
    expected = written[i];
    expected.mask = Blockable(expected.mask);
    CHECK_EQ(syscall(SYS_rt_sigaction, sig, 0, &back, kMaskBytes), 0);
    CHECK(back.handler == expected.handler && back.restorer == expected.restorer);
    CHECK_EQ(back.flags, expected.flags);
    CHECK_EQ(back.mask, expected.mask);
  }
  // One buffer for both.
  back = written[0];
  CHECK_EQ(syscall(SYS_rt_sigaction, sig, &back, &back, kMaskBytes), 0);
  CHECK(back.handler == expected.handler);
  CHECK_EQ(syscall(SYS_rt_sigaction, sig, &was, 0, kMaskBytes), 0);
}

int main(void) {
  Watchdog(20);
  for (int round = 0; round < 5; ++round) {
    Masks();
    uint64_t mask = Mask() | Bit(SIGSYS);
    SetMask(mask);
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, 0, MasksInThread, &mask), 0);
    CHECK_EQ(pthread_join(thread, 0), 0);
    CHECK_EQ(Mask(), mask);
    pid_t pid = Fork();
    if (pid == 0) {
      CHECK_EQ(Mask(), mask);
      Masks();
      _exit(0);
    }
    CHECK_EQ(StatusOf(pid), 0);
    CHECK_EQ(Mask(), mask);
  }
  SetMask(0);
  for (int sig = 1; sig <= 64; ++sig) {
    if (sig != SIGKILL && sig != SIGSTOP && !(Bit(sig) & LibcSignals())) Actions(sig);
  }
  return Done();
}

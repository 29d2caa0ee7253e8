// Wrong sizes and bad pointers of masks: the kernel's own errno, and nothing changed.
#include <sys/signalfd.h>

#include "blocking.h"

int main(void) {
  Watchdog(20);
  OpenEnds();
  struct epoll_event event;
  const struct timespec at_once = {0, 0};
  struct timespec zero = {0, 0};
  uint64_t mask = Bit(SIGSYS);
  void* bad = (void*)16;
  struct {
    const void* mask;
    size_t size;
  } argument = {&mask, 4}, bad_mask = {bad, 8};
  const uint64_t own = Bit(SIGUSR1) | Bit(SIGSYS);
  SetMask(own);
  for (int i = 0; i < 3; ++i) {
    CHECK_ERRNO(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &mask, 0, 4), EINVAL);
    CHECK_ERRNO(syscall(SYS_rt_sigprocmask, 3, &mask, 0, 8), EINVAL);
    CHECK_ERRNO(syscall(SYS_rt_sigprocmask, SIG_SETMASK, bad, 0, 8), EFAULT);
    CHECK_EQ(Mask(), own);
    CHECK_ERRNO(syscall(SYS_rt_sigprocmask, SIG_BLOCK, 0, bad, 8), EFAULT);
    // The change is made although the old mask cannot be written.
    CHECK_ERRNO(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, bad, 8), EFAULT);
    CHECK_EQ(Mask(), mask);
    CHECK_EQ(syscall(SYS_rt_sigprocmask, 77, 0, &mask, 8), 0);  // how counts with a set only
    CHECK_EQ(mask, Bit(SIGSYS));
    SetMask(own);
    CHECK_ERRNO(syscall(SYS_rt_sigsuspend, &mask, 4), EINVAL);
    CHECK_ERRNO(syscall(SYS_rt_sigsuspend, bad, 8), EFAULT);
    CHECK_ERRNO(syscall(SYS_ppoll, 0, 0, &zero, &mask, 4), EINVAL);
    CHECK_ERRNO(syscall(SYS_ppoll, 0, 0, &zero, bad, 8), EFAULT);
    CHECK_ERRNO(syscall(SYS_ppoll, 0, 0, bad, &mask, 8), EFAULT);
    CHECK_EQ(syscall(SYS_ppoll, 0, 0, &zero, 0, 4), 0);
    CHECK_ERRNO(syscall(SYS_pselect6, 0, 0, 0, 0, &zero, &argument), EINVAL);
    CHECK_ERRNO(syscall(SYS_pselect6, 0, 0, 0, 0, &zero, &bad_mask), EFAULT);
    CHECK_ERRNO(syscall(SYS_pselect6, 0, 0, 0, 0, &zero, bad), EFAULT);
    CHECK_EQ(syscall(SYS_pselect6, 0, 0, 0, 0, &zero, 0), 0);
    CHECK_ERRNO(syscall(SYS_epoll_pwait, ends.epoll, &event, 1, 0, &mask, 4), EINVAL);
    CHECK_ERRNO(syscall(SYS_epoll_pwait, ends.epoll, &event, 1, 0, bad, 8), EFAULT);
    CHECK_EQ(syscall(SYS_epoll_pwait, ends.epoll, &event, 1, 0, 0, 4), 0);
    CHECK_ERRNO(syscall(SYS_epoll_pwait2, ends.epoll, &event, 1, &at_once, &mask, 4), EINVAL);
    CHECK_ERRNO(EpollPwait2(ends.epoll, &event, 1, &at_once, bad), EFAULT);
    CHECK_ERRNO(EpollPwait2(ends.epoll, &event, 1, bad, &mask), EFAULT);
    CHECK_EQ(EpollPwait2(ends.epoll, &event, 1, &at_once, 0), 0);
    CHECK_ERRNO(syscall(SYS_signalfd4, -1, &mask, 4, 0), EINVAL);
    CHECK_ERRNO(syscall(SYS_signalfd4, -1, bad, 8, 0), EFAULT);
    CHECK_EQ(Mask(), own);
    MakePlannedCalls();
  }
  for (int sig = 1; sig <= 65; ++sig) {
    if (sig == 32 || sig == 33 || sig == 34) continue;
    struct {
      void (*handler)(int);
      unsigned long flags, restorer, mask;
    } action = {SIG_DFL, 0, 0, 0};
    CHECK_ERRNO(syscall(SYS_rt_sigaction, sig, &action, 0, 4), EINVAL);
    CHECK_ERRNO(syscall(SYS_rt_sigaction, sig, 0, 0, 128), EINVAL);
    if (sig == SIGKILL || sig == SIGSTOP || sig == 65) {
      CHECK_ERRNO(syscall(SYS_rt_sigaction, sig, &action, 0, 8), EINVAL);
      continue;
    }
    CHECK_ERRNO(syscall(SYS_rt_sigaction, sig, bad, 0, 8), EFAULT);
    CHECK_ERRNO(syscall(SYS_rt_sigaction, sig, 0, bad, 8), EFAULT);
    CHECK_ERRNO(syscall(SYS_rt_sigaction, sig, &action, bad, 8), EFAULT);
  }
  MakePlannedCalls();
  CloseEnds();
  return Done();
}

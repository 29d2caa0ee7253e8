// limit: a SIGSYS that comes while it is blocked waits in abishim, not in the kernel

// A blocked SIGSYS that is pending: sigpending, sigtimedwait and signalfd find it.
#include <sys/signalfd.h>

#include "planned.h"

static volatile int handled;
static void OnSigsys(int sig) { handled += sig == SIGSYS; }

int main(void) {
  Watchdog(20);
  uint64_t pending;
  const struct timespec at_once = {0, 0};
  siginfo_t info;
  sigset_t sigsys;
  sigemptyset(&sigsys), sigaddset(&sigsys, SIGSYS);
  SetMask(Bit(SIGSYS));
  for (int i = 0; i < 5; ++i) {
    check_context = "sigpending";
    CHECK_EQ(syscall(SYS_rt_sigpending, &pending, kMaskBytes), 0);
    CHECK_EQ(pending, 0);
    raise(SIGSYS);
    MakePlannedCalls();
    CHECK_EQ(syscall(SYS_rt_sigpending, &pending, kMaskBytes), 0);
    CHECK_EQ(pending, Bit(SIGSYS));
    check_context = "sigtimedwait";
    CHECK_EQ(syscall(SYS_rt_sigtimedwait, &sigsys, &info, &at_once, kMaskBytes), SIGSYS);
    CHECK(info.si_code == SI_TKILL && info.si_pid == getpid());
    CHECK_ERRNO(syscall(SYS_rt_sigtimedwait, &sigsys, &info, &at_once, kMaskBytes), EAGAIN);
    check_context = "signalfd";
    struct signalfd_siginfo record;
    int fd = signalfd(-1, &sigsys, SFD_CLOEXEC | SFD_NONBLOCK);
    CHECK(fd >= 0);
    CHECK_ERRNO(read(fd, &record, sizeof(record)), EAGAIN);
    raise(SIGSYS);
    MakePlannedCalls();
    CHECK_EQ(read(fd, &record, sizeof(record)), sizeof(record));
    CHECK_EQ(record.ssi_signo, SIGSYS);
    close(fd);
  }
  check_context = "one that waits for the thread, one for the process";
  signal(SIGSYS, OnSigsys);
  raise(SIGSYS), kill(getpid(), SIGSYS);
  MakePlannedCalls();
  SetMask(0);
  CHECK_EQ(handled, 2);
  return Done();
}

// signalfd, sigtimedwait, sigwaitinfo and sigpending among planned calls, with everything blocked,
// in several threads.
#include <sys/epoll.h>
#include <sys/signalfd.h>

#include "planned.h"

static volatile int stop;
static void* Busy(void* argument) {
  while (!stop) MakePlannedCalls();
  return argument;
}

static void ByDescriptor(void) {
  sigset_t set;
  sigemptyset(&set), sigaddset(&set, SIGUSR1), sigaddset(&set, SIGRTMAX);
  struct signalfd_siginfo record;
  struct epoll_event event, in = {.events = EPOLLIN};
  const struct timespec second = {1, 0}, at_once = {0, 0};
  const uint64_t none = Bit(SIGUSR1) | Bit(SIGRTMAX);
  int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), epoll = epoll_create1(EPOLL_CLOEXEC);
  CHECK(fd >= 0 && epoll >= 0);
  CHECK_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &in), 0);
  CHECK_EQ(EpollPwait2(epoll, &event, 1, &at_once, &none), 0);
  const union sigval value = {.sival_int = 4711};
  CHECK_EQ(sigqueue(getpid(), SIGRTMAX, value), 0);
  CHECK_EQ(EpollPwait2(epoll, &event, 1, &second, &none), 1);
  char buffer[sizeof(record)];
  const struct iovec part = {buffer, sizeof(buffer)};
  CHECK_EQ(Preadv2(fd, &part, 1, -1), sizeof(record));
  memcpy(&record, buffer, sizeof(record));
  CHECK(record.ssi_signo == (uint32_t)SIGRTMAX && record.ssi_int == 4711);
  CHECK_ERRNO(read(fd, &record, sizeof(record)), EAGAIN);
  sigdelset(&set, SIGRTMAX);
  CHECK_EQ(signalfd(fd, &set, 0), fd);  // changed
  CHECK_EQ(kill(getpid(), SIGUSR1), 0);
  CHECK_EQ(read(fd, &record, sizeof(record)), sizeof(record));
  CHECK(record.ssi_signo == SIGUSR1 && record.ssi_pid == (uint32_t)getpid());
  CHECK(close(fd) == 0 && close(epoll) == 0);
}

static void ByCall(void) {
  sigset_t set, pending;
  siginfo_t info;
  const struct timespec at_once = {0, 0}, second = {1, 0};
  sigemptyset(&set), sigaddset(&set, SIGUSR2), sigaddset(&set, SIGRTMAX);
  CHECK_ERRNO(sigtimedwait(&set, &info, &at_once), EAGAIN);
  for (int i = 0; i < 3; ++i) {
    const union sigval value = {.sival_int = i};
    CHECK_EQ(sigqueue(getpid(), SIGRTMAX, value), 0);
  }
  raise(SIGUSR2);
  MakePlannedCalls();
  CHECK_EQ(sigpending(&pending), 0);
  CHECK(sigismember(&pending, SIGUSR2) && sigismember(&pending, SIGRTMAX));
  CHECK_EQ(sigwaitinfo(&set, &info), SIGUSR2);
  for (int i = 0; i < 3; ++i) {
    CHECK_EQ(sigtimedwait(&set, &info, &second), SIGRTMAX);
    CHECK_EQ(info.si_value.sival_int, i);
    MakePlannedCalls();
  }
  pid_t child = Fork();
  if (child == 0) {
    SleepMs(10);
    _exit(kill(getppid(), SIGUSR2));
  }
  CHECK_EQ(sigtimedwait(&set, &info, &second), SIGUSR2);
  CHECK_EQ(info.si_pid, child);
  CHECK_EQ(StatusOf(child), 0);
}

int main(void) {
  Watchdog(20);
  sigset_t all;
  sigfillset(&all);
  CHECK_EQ(pthread_sigmask(SIG_SETMASK, &all, 0), 0);
  pthread_t busy[2];
  for (int i = 0; i < 2; ++i) CHECK_EQ(pthread_create(&busy[i], 0, Busy, 0), 0);
  for (int i = 0; i < 20; ++i) ByDescriptor(), ByCall();
  stop = 1;
  for (int i = 0; i < 2; ++i) CHECK_EQ(pthread_join(busy[i], 0), 0);
  return Done();
}

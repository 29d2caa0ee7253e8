// Ctrl-C on a terminal during a blocking call kills without a handler, and gives EINTR with one.
#include <sys/ioctl.h>
#include <termios.h>

#include "blocking.h"

static volatile int interrupts;
static void OnInterrupt(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)info, (void)context;
  ++interrupts;
}

// The child: leader of a session on the terminal, blocks in the call.
static void Child(const char* terminal, const struct Blocking* b, int with_handler, int ready) {
  CHECK(setsid() > 0);
  int fd = open(terminal, O_RDWR);
  CHECK(fd >= 0);
  CHECK_EQ(ioctl(fd, TIOCSCTTY, 0), 0);
  SetMask(0);
  MakePlannedCalls();
  if (with_handler) Handle(SIGINT, OnInterrupt, 0);
  CHECK_EQ(write(ready, "x", 1), 1);
  long result = b->call();
  CHECK(with_handler && result == -1 && errno == EINTR && interrupts == 1);
  MakePlannedCalls();
  _exit(0);
}

static void Try(const struct Blocking* b, int with_handler) {
  int ready[2];
  char byte;
  check_context = b->name;
  int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  CHECK(terminal >= 0);
  CHECK(grantpt(terminal) == 0 && unlockpt(terminal) == 0);
  CHECK_EQ(pipe2(ready, O_CLOEXEC), 0);
  OpenEnds();
  pid_t pid = Fork();
  if (pid == 0) Child(ptsname(terminal), b, with_handler, ready[1]);
  CHECK_EQ(read(ready[0], &byte, 1), 1);
  AwaitSleep(pid);
  double start = Now();
  CHECK_EQ(write(terminal, "\003", 1), 1);
  int status = StatusOf(pid);
  CHECK(Now() - start < 2);
  if (with_handler) {
    CHECK_EQ(status, 0);
  } else {
    CHECK_EQ(status, SIGINT);
  }
  CloseEnds();
  close(terminal), close(ready[0]), close(ready[1]);
}

int main(void) {
  Watchdog(20);
  for (int i = 0; i < kBlocking; ++i) {
    Try(&blocking[i], 0);
    Try(&blocking[i], 1);
  }
  return Done();
}

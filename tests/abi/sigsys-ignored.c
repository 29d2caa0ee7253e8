// limit: SIGSYS has abishim's handler, so one that is sent wakes a call that should sleep on

// A SIGSYS that is ignored, or blocked by the mask of the call, does not interrupt a blocking call.
#include "blocking.h"

static void OnSigsys(int sig) { (void)sig; }

int main(void) {
  Watchdog(20);
  OpenEnds();
  MakePlannedCalls();
  const struct timespec short_time = {0, 200000000};
  struct epoll_event event;
  for (int with_handler = 1; with_handler >= 0; --with_handler) {
    check_context = with_handler ? "handled" : "ignored";
    CHECK(signal(SIGSYS, with_handler ? OnSigsys : SIG_IGN) != SIG_ERR);
    pid_t child = Fork();
    if (child == 0) {
      SleepMs(50);
      _exit(kill(getppid(), SIGSYS));
    }
    long result = EpollPwait2(ends.epoll, &event, 1, &short_time, 0);
    if (with_handler) {
      CHECK(result == -1 && errno == EINTR);
    } else {
      CHECK_EQ(result, 0);
    }
    CHECK_EQ(StatusOf(child), 0);
  }
  check_context = "blocked by the mask of the call";
  const uint64_t sigsys = Bit(SIGSYS);
  signal(SIGSYS, OnSigsys);
  pid_t child = Fork();
  if (child == 0) {
    SleepMs(50);
    _exit(kill(getppid(), SIGSYS));
  }
  CHECK_EQ(EpollPwait2(ends.epoll, &event, 1, &short_time, &sigsys), 0);
  CHECK_EQ(StatusOf(child), 0);
  CloseEnds();
  return Done();
}

// limit: the kernel has abishim's handler for SIGSYS, so one that is sent to a program that ignores
// it wakes a call An ignored SIGSYS does not interrupt a blocking call; a handled one does.
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
  CloseEnds();
  return Done();
}

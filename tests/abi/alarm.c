// An alarm during a blocking call: EINTR at once without SA_RESTART, a restart with it where the
// kernel restarts.
#include <sys/time.h>

#include "blocking.h"

static volatile int alarms;
static void OnAlarm(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)info, (void)context;
  ++alarms;
  MakePlannedCalls();
}

static void* ReleaseLater(void* unused) {
  SleepMs(300);
  Release();
  return unused;
}

static void AlarmIn100Ms(void) {
  const struct itimerval when = {.it_value = {.tv_usec = 100000}};
  alarms = 0;
  CHECK_EQ(setitimer(ITIMER_REAL, &when, 0), 0);
}

static void Interrupted(const struct Blocking* b, int flags) {
  check_context = b->name;
  OpenEnds();
  Handle(SIGALRM, OnAlarm, flags);
  double start = Now();
  AlarmIn100Ms();
  CHECK_ERRNO(b->call(), EINTR);
  double seconds = Now() - start;
  CHECK(seconds > 0.09 && seconds < 0.8);
  CHECK_EQ(alarms, 1);
  CHECK_EQ(Mask(), 0);
  CloseEnds();
}

static void Restarted(const struct Blocking* b) {
  check_context = b->name;
  OpenEnds();
  Handle(SIGALRM, OnAlarm, SA_RESTART);
  pthread_t releaser;
  double start = Now();
  SetMask(~0UL);
  CHECK_EQ(pthread_create(&releaser, 0, ReleaseLater, 0), 0);
  SetMask(0);
  AlarmIn100Ms();
  CHECK_EQ(b->call(), 1);
  CHECK(Now() - start > 0.25);
  CHECK_EQ(alarms, 1);
  pthread_join(releaser, 0);
  CloseEnds();
}

int main(void) {
  Watchdog(20);
  SetMask(0);
  for (int i = 0; i < kBlocking; ++i) Interrupted(&blocking[i], 0);
  for (int i = 0; i < kBlocking; ++i) {
    if (blocking[i].restarts) {
      Restarted(&blocking[i]);
    } else {
      Interrupted(&blocking[i], SA_RESTART);
    }
  }
  return Done();
}

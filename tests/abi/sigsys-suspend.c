// A SIGSYS that came while it was blocked is delivered by a call whose mask lets it through.
#include "planned.h"

static volatile siginfo_t seen;
static volatile int handled;
static void OnSigsys(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)context;
  seen = *info;
  ++handled;
  MakePlannedCalls();
}

int main(void) {
  Watchdog(5);
  Handle(SIGSYS, OnSigsys, 0);
  const uint64_t none = 0;
  for (int i = 0; i < 6; ++i) {
    SetMask(Bit(SIGSYS));
    handled = 0;
    const union sigval value = {.sival_int = 4711};
    sigqueue(getpid(), SIGSYS, value);
    MakePlannedCalls();
    CHECK_EQ(handled, 0);
    if (i % 2) {
      CHECK_ERRNO(syscall(SYS_rt_sigsuspend, &none, kMaskBytes), EINTR);
    } else {
      CHECK_ERRNO(syscall(SYS_ppoll, 0, 0, 0, &none, kMaskBytes), EINTR);
    }
    CHECK_EQ(handled, 1);
    CHECK(seen.si_code == SI_QUEUE && seen.si_value.sival_int == 4711);
    CHECK_EQ(Mask(), Bit(SIGSYS));
  }
  return Done();
}

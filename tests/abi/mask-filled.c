// A handler that fills uc_sigmask and returns; planned calls go on, and the mask reads back as the
// handler wrote it.
#include <ucontext.h>

#include "planned.h"

static volatile uint64_t wanted;
static volatile int handled;
static void OnSignal(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)info;
  ++handled;
  memcpy(&((ucontext_t*)context)->uc_sigmask, (const uint64_t*)&wanted, kMaskBytes);
}
static void OnSigsys(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)info, (void)context;
  ++handled;
}

static void* Thread(void* argument) {
  const uint64_t masks[] = {~0UL, Bit(SIGSYS), Bit(SIGSYS) | Bit(SIGSEGV) | Bit(SIGBUS), 0,
                            Bit(SIGUSR2)};
  for (int round = 0; round < 10; ++round) {
    for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); ++i) {
      SetMask(0);
      wanted = masks[i];
      if (round % 2) MakePlannedCalls();
      raise(SIGUSR1);
      if (round % 3) MakePlannedCalls();
      CHECK_EQ(Mask(), Blockable(wanted));
      MakePlannedCalls();
      handled = 0;
      raise(SIGSYS);
      MakePlannedCalls();
      CHECK_EQ(handled, !(wanted & Bit(SIGSYS)));
      SetMask(0);
      CHECK_EQ(handled, 1);
    }
  }
  return argument;
}

int main(void) {
  Watchdog(20);
  Handle(SIGUSR1, OnSignal, 0);
  Handle(SIGSYS, OnSigsys, 0);
  Thread(0);
  pthread_t thread;
  CHECK_EQ(pthread_create(&thread, 0, Thread, 0), 0);
  CHECK_EQ(pthread_join(thread, 0), 0);
  return Done();
}

// limit: a thread without an alternate stack has one of abishim's, 64 KiB

// A handler with SA_ONSTACK in a thread that has no alternate stack runs on the thread's own, with
// all its room.
#include "planned.h"

static char* volatile at;
static void OnSignal(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)context;
  at = (char*)&info;
  volatile char deep[48 << 10];
  deep[0] = deep[sizeof(deep) - 1] = 1;
  MakePlannedCalls();
}

static void* Thread(void* argument) {
  char here;
  for (int i = 0; i < 3; ++i) {
    MakePlannedCalls();
    raise(SIGUSR1);
    CHECK(at < &here && at > &here - (1 << 20));
  }
  return argument;
}

int main(void) {
  Watchdog(20);
  Handle(SIGUSR1, OnSignal, SA_ONSTACK);
  Thread(0);
  pthread_t thread;
  CHECK_EQ(pthread_create(&thread, 0, Thread, 0), 0);
  CHECK_EQ(pthread_join(thread, 0), 0);
  return Done();
}

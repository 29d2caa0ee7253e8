// Which stack a handler runs on when it interrupts a blocking call: the thread's own without
// SA_ONSTACK.
#include "blocking.h"

static char space[64 << 10];
static char* volatile at;
static volatile int tid;
static void OnSignal(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)context;
  volatile char deep[40 << 10];  // far more than a small alternate stack has
  deep[0] = deep[sizeof(deep) - 1] = 1;
  at = (char*)&info;
  MakePlannedCalls();
}

static const struct Blocking* call;
static char *low, *high;
static void* Thread(void* argument) {
  const stack_t stack = {.ss_sp = space, .ss_size = sizeof(space)};
  if (argument) CHECK_EQ(sigaltstack(&stack, 0), 0);
  char here[1];
  high = here, low = here - (200 << 10);
  MakePlannedCalls();
  tid = syscall(SYS_gettid);
  CHECK_ERRNO(call->call(), EINTR);
  MakePlannedCalls();
  return argument;
}

static void Try(int flags, int with_stack) {
  pthread_t thread;
  pthread_attr_t attributes;
  check_context = call->name;
  OpenEnds();
  Handle(SIGUSR1, OnSignal, flags);
  CHECK_EQ(pthread_attr_init(&attributes), 0);
  CHECK_EQ(pthread_attr_setstacksize(&attributes, 256 << 10), 0);
  tid = 0;
  CHECK_EQ(pthread_create(&thread, &attributes, Thread, with_stack ? space : 0), 0);
  while (!tid) SleepMs(1);
  AwaitSleep(tid);
  CHECK_EQ(pthread_kill(thread, SIGUSR1), 0);
  CHECK_EQ(pthread_join(thread, 0), 0);
  if (with_stack && flags & SA_ONSTACK) {
    CHECK(at >= space && at < space + sizeof(space));
  } else {
    CHECK(at >= low && at < high);
  }
  CloseEnds();
}

int main(void) {
  Watchdog(20);
  for (int i = 0; i < kBlocking; ++i) {
    call = &blocking[i];
    Try(0, 0), Try(0, 1), Try(SA_ONSTACK, 1);
  }
  return Done();
}

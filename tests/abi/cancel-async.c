// pthread_cancel, asynchronous, of a thread blocked in a raw call: the thread ends, with its
// clean-up run.
#include "blocking.h"

static volatile int tid, cleaned;
// musl 1.2.3 arrives here with a misaligned stack.
__attribute__((force_align_arg_pointer)) static void CleanUp(void* unused) {
  (void)unused;
  MakePlannedCalls();
  cleaned = 1;
}

static void* Blocked(void* argument) {
  const struct Blocking* b = argument;
  pthread_cleanup_push(CleanUp, 0);
  MakePlannedCalls();
  CHECK_EQ(pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, 0), 0);
  tid = syscall(SYS_gettid);
  b->call();
  pthread_cleanup_pop(0);
  return argument;
}

int main(void) {
  Watchdog(20);
  for (int i = 0; i < kBlocking; ++i) {
    pthread_t thread;
    void* result;
    check_context = blocking[i].name;
    OpenEnds();
    tid = cleaned = 0;
    CHECK_EQ(pthread_create(&thread, 0, Blocked, (void*)&blocking[i]), 0);
    while (tid == 0) SleepMs(1);
    AwaitSleep(tid);
    CHECK_EQ(pthread_cancel(thread), 0);
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 2;
    CHECK_EQ(pthread_timedjoin_np(thread, &result, &until), 0);
    CHECK(result == PTHREAD_CANCELED);
    CHECK_EQ(cleaned, 1);
    CloseEnds();
    MakePlannedCalls();
  }
  return Done();
}

// libc: glibc
// backtrace() from a handler reaches main, with as many frames out of a planned call as out of an
// old one.
#include <execinfo.h>
#include <sys/time.h>

#include "blocking.h"

int main(void);
static void* frames[64];
static volatile int count;
static void OnSignal(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)info, (void)context;
  MakePlannedCalls();
  count = backtrace(frames, 64);
  MakePlannedCalls();
}

static long OldWait(void) {
  struct epoll_event event;
  return syscall(SYS_epoll_pwait, ends.epoll, &event, 1, -1, 0, kMaskBytes);
}
static long NewWait(void) {
  struct epoll_event event;
  return EpollPwait2(ends.epoll, &event, 1, 0, 0);
}
static long OldRead(void) {
  const struct iovec part = {read_back, 1};
  return syscall(SYS_readv, ends.pipe[0], &part, 1);
}
static long NewRead(void) {
  const struct iovec part = {read_back, 1};
  return Preadv2(ends.pipe[0], &part, 1, -1);
}

// A return address in main, which the compiler keeps in one piece.
static int Reached(void) {
  for (int i = 0; i < count; ++i) {
    if ((char*)frames[i] > (char*)main && (char*)frames[i] < (char*)main + 2000) return 1;
  }
  return 0;
}

__attribute__((noinline)) static int Frames(long (*call)(void)) {
  const struct itimerval soon = {.it_value = {.tv_usec = 50000}};
  count = 0;
  CHECK_EQ(setitimer(ITIMER_REAL, &soon, 0), 0);
  CHECK_ERRNO(call(), EINTR);
  CHECK(Reached());
  return count;
}
__attribute__((noinline)) static int FramesOfRaise(int sig) {
  count = 0;
  raise(sig);
  CHECK(Reached());
  return count;
}

int main(void) {
  Watchdog(20);
  OpenEnds();
  static char space[64 << 10];
  const stack_t stack = {.ss_sp = space, .ss_size = sizeof(space)};
  CHECK_EQ(sigaltstack(&stack, 0), 0);
  backtrace(frames, 1);  // loads the unwinder
  for (int flags = 0; flags < 2; ++flags) {
    const int sigs[] = {SIGALRM, SIGSYS, SIGSEGV, SIGUSR1};
    for (int i = 0; i < 4; ++i) Handle(sigs[i], OnSignal, flags ? SA_ONSTACK : 0);
    int wait = Frames(OldWait), read = Frames(OldRead);
    CHECK(wait >= 6);
    CHECK_EQ(Frames(NewWait), wait);
    CHECK_EQ(Frames(NewRead), read);
    int raised = FramesOfRaise(SIGUSR1);
    CHECK_EQ(FramesOfRaise(SIGSYS), raised);
    CHECK_EQ(FramesOfRaise(SIGSEGV), raised);
  }
  CloseEnds();
  return Done();
}

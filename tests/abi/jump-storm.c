// siglongjmp out of handlers that interrupt planned calls, 800 times on either stack: no mask,
// stack or descriptor leaks.
#include <setjmp.h>
#include <sys/time.h>

#include "blocking.h"

static sigjmp_buf back;
static volatile int jumps, armed;
static void OnAlarm(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)info, (void)context;
  if (!armed) return;
  armed = 0;
  ++jumps;
  siglongjmp(back, 1);
}

// Nothing that returns a descriptor: that would be lost natively, too.
static void Calls(int fd) {
  char byte;
  const struct iovec part = {&byte, 1};
  const struct OpenHow beneath = {.flags = O_RDONLY, .resolve = kResolveBeneath};
  for (int i = 0;; ++i) {
    MakePlannedCallsWithoutDescriptors();
    off_t from = 0, to = 4096;
    CHECK_EQ(CopyFileRange(fd, &from, fd, &to, 1000), 1000);
    CHECK_EQ(Preadv2(fd, &part, 1, 1), 1);
    // EAGAIN: something was renamed or mounted anywhere meanwhile.
    CHECK_EQ(Openat2(AT_FDCWD, "proc/self/../../usr/no/such", &beneath), -1);
    CHECK(errno == ENOENT || errno == EAGAIN);
    CHECK_EQ(Openat2(AT_FDCWD, "proc/self/../../../usr", &beneath), -1);
    CHECK(errno == EXDEV || errno == EAGAIN);
    CHECK_ERRNO(CloseRange(900, 800), EINVAL);
    CHECK_EQ(CloseRange(1000, 2000), 0);
    if (i % 3 == 0) BlockEpollPwait2();
    if (i % 3 == 1) BlockPreadv2();
  }
}

static void Storm(int fd, int flags) {
  const struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
  const uint64_t own = Bit(SIGUSR1) | (flags & SA_RESTART ? Bit(SIGSYS) : 0);
  const int descriptors = CountDescriptors();
  stack_t before, after;
  CHECK_EQ(sigaltstack(0, &before), 0);
  SetMask(own);
  Handle(SIGALRM, OnAlarm, flags);
  jumps = 0;
  CHECK_EQ(setitimer(ITIMER_REAL, &often, 0), 0);
  sigsetjmp(back, 1);
  CHECK_EQ(Mask(), own);
  CHECK_EQ(sigaltstack(0, &after), 0);
  CHECK(after.ss_sp == before.ss_sp && after.ss_flags == before.ss_flags &&
        after.ss_size == before.ss_size);
  CHECK_EQ(CountDescriptors(), descriptors);
  if (jumps < 800) {
    armed = 1;
    Calls(fd);
  }
  armed = 0;
  CHECK_EQ(setitimer(ITIMER_REAL, &never, 0), 0);
  for (int i = 0; i < 20; ++i) MakePlannedCalls();
}

static long ResidentPages(void) {
  long pages = 0;
  FILE* statm = fopen("/proc/self/statm", "r");
  CHECK(statm && fscanf(statm, "%*d %ld", &pages) == 1);
  fclose(statm);
  return pages;
}

int main(void) {
  Watchdog(30);
  OpenEnds();
  static char space[64 << 10], junk[4096];
  const stack_t stack = {.ss_sp = space, .ss_size = sizeof(space)};
  int fd = MemfdCreate("storm");
  CHECK(fd >= 0 && chdir("/") == 0);
  CHECK_EQ(write(fd, junk, sizeof(junk)), sizeof(junk));
  Storm(fd, 0);
  CHECK_EQ(sigaltstack(&stack, 0), 0);
  const long pages = ResidentPages();
  Storm(fd, SA_ONSTACK | SA_RESTART);
  Storm(fd, SA_ONSTACK);
  Storm(fd, SA_RESTART);
  CHECK(ResidentPages() - pages < 512);  // a stack that leaked per jump: far more
  SetMask(0);
  CloseEnds();
  return Done();
}

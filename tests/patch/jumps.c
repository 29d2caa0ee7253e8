// A storm of signals whose handler never returns: it jumps out of whatever is being made, again and
// again, at each patched site in turn. No descriptor, no stack and no blocked signal may be left.
#include <dirent.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <setjmp.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "../abi/check.h"
#include "sites.h"

// Calls of several kinds, each by a site of its own.
#define SITE(name, number)                                                             \
  __attribute__((noinline)) static long name(long a, long b, long c, long d, long e) { \
    long result;                                                                       \
    register long r10 __asm__("r10") = d;                                              \
    register long r8 __asm__("r8") = e;                                                \
    __asm__ volatile("nop; nop; nop; mov $" #number ", %%eax; syscall"                 \
                     : "=a"(result)                                                    \
                     : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)                       \
                     : "rcx", "r11", "memory");                                        \
    return result;                                                                     \
  }
SITE(getrandom_, 318)
SITE(memfd_create_, 319)
SITE(statx_, 332)
SITE(mlock2_, 325)
SITE(faccessat2_, 439)
SITE(copy_file_range_, 326)
SITE(close_range_, 436)
SITE(renameat2_, 316)
SITE(sched_getattr_, 315)
SITE(rt_sigprocmask_, 14)

static sigjmp_buf again;
static volatile int armed;
static volatile long jumps;

static void OnAlarm(int unused) {
  (void)unused;
  if (!armed) return;
  armed = 0;
  ++jumps;
  siglongjmp(again, 1);
}

static void Once(int kind) {
  static char bytes[32];
  static struct statx status;
  static char attr[64];
  const long empty = (long)"", here = (long)".", missing = (long)"/nonexistent";
  unsigned long set = 1ul << (SIGUSR2 - 1), old;
  long fd;
  switch (kind) {
    case 0:
      CHECK_EQ(getrandom_((long)bytes, 32, 0, 0, 0), 32);
      break;
    case 1:
      // A jump between the call and its close() leaves one natively, too: so out of it only.
      armed = 0;
      fd = memfd_create_(here, 0, 0, 0, 0);
      CHECK(fd >= 0);
      close((int)fd);
      break;
    case 2:
      CHECK_EQ(statx_(AT_FDCWD, here, 0, STATX_BASIC_STATS, (long)&status), 0);
      break;
    case 3:
      CHECK_EQ(mlock2_(0, 0, 0x80, 0, 0), -EINVAL);
      break;
    case 4:
      CHECK_EQ(faccessat2_(AT_FDCWD, here, R_OK, AT_SYMLINK_NOFOLLOW, 0), 0);
      break;
    case 5:
      CHECK_EQ(copy_file_range_(-1, 0, -1, 0, 1), -EBADF);
      break;
    case 6:
      CHECK_EQ(close_range_(900, 910, 0, 0, 0), 0);
      break;
    case 7:
      CHECK_EQ(renameat2_(AT_FDCWD, missing, AT_FDCWD, empty, 0), -ENOENT);
      break;
    case 8:
      CHECK_EQ(sched_getattr_(0, (long)attr, 64, 0, 0), 0);
      break;
    case 9:
      CHECK_EQ(rt_sigprocmask_(SIG_BLOCK, (long)&set, (long)&old, 8, 0), 0);
      break;
  }
}
enum { kKinds = 10 };

static int Descriptors(void) {
  int count = 0;
  DIR* all = opendir("/proc/self/fd");
  while (readdir(all) != 0) ++count;
  closedir(all);
  return count;
}

static void Storm(int on) {
  const struct itimerval every = {{0, on ? 50 : 0}, {0, on ? 50 : 0}};
  CHECK_EQ(setitimer(ITIMER_REAL, &every, 0), 0);
}

int main(int argc, char** argv) {
  const double seconds = argc > 2 ? atof(argv[2]) : 3;
  Watchdog((int)seconds + 60);
  for (int i = 0; i < 100; ++i) {
    for (int kind = 0; kind < kKinds; ++kind) Once(kind);
  }
  const int before = Descriptors();
  struct sigaction action = {.sa_handler = OnAlarm};
  CHECK_EQ(sigaction(SIGALRM, &action, 0), 0);
  const double end = Now() + seconds;
  volatile long rounds = 0;
  sigset_t none, now;
  sigemptyset(&none);
  for (volatile int kind = 0; Now() < end; kind = (kind + 1) % kKinds) {
    Storm(1);
    const double until = Now() + 0.05;
    while (Now() < until) {
      if (sigsetjmp(again, 1) == 0) {
        armed = 1;
        for (int i = 0; i < 20; ++i) Once(kind);
        armed = 0;
        ++rounds;
      }
    }
    Storm(0);
  }
  CHECK_EQ(Descriptors(), before);
  CHECK_EQ(sigprocmask(SIG_BLOCK, 0, &now), 0);
  CHECK_EQ(sigismember(&now, SIGALRM), 0);
  CHECK_EQ(sigismember(&now, SIGINT), 0);
  for (int kind = 0; kind < kKinds; ++kind) Once(kind);
  CHECK(jumps > 0 && rounds > 0);
  printf("%ld jumps, %ld rounds\n", jumps, rounds);
  fflush(stdout);
  return Done();
}

// What every program here needs: checks that end it, a watchdog that ends it, children that do not
// outlive it.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { kPassed = 0, kFailed = 1, kNotHere = 77 };  // 77: the kernel lacks what is tested

#define CHECK(condition)                                                  \
  do {                                                                    \
    int error_ = errno;                                                   \
    if (!(condition)) Fail(__FILE__, __LINE__, #condition, error_, 0, 0); \
  } while (0)

// Compares as long, and prints both values.
#define CHECK_EQ(is, should)                                                                \
  do {                                                                                      \
    long is_ = (long)(is);                                                                  \
    int error_ = errno;                                                                     \
    long should_ = (long)(should);                                                          \
    if (is_ != should_) Fail(__FILE__, __LINE__, #is " == " #should, error_, is_, should_); \
  } while (0)

// A call that must fail with this errno.
#define CHECK_ERRNO(call, error)                                                 \
  do {                                                                           \
    errno = 0;                                                                   \
    long is_ = (long)(call);                                                     \
    int error_ = errno;                                                          \
    if (is_ != -1 || error_ != (error))                                          \
      Fail(__FILE__, __LINE__, #call " fails with " #error, error_, is_, error); \
  } while (0)

// Said before what follows, in the message of a check that fails (which of many rounds or calls it
// is).
static __thread const char* check_context = "";

// From any thread or handler. (is, should) are printed unless both are 0.
__attribute__((noreturn)) static void Fail(const char* file, int line, const char* what, int error,
                                           long is, long should) {
  const char* name = strrchr(file, '/');
  dprintf(1, "FAILED %s:%d: %s [%s] errno %d, is %ld (%#lx), should be %ld (%#lx)\n",
          name ? name + 1 : file, line, what, check_context, error, is, is, should, should);
  _exit(kFailed);
}

// So many times slower than other machines is this one (an emulator).
static int Slow(void) {
  const char* text = getenv("ABI_SLOW");
  return text != 0 && atoi(text) > 0 ? atoi(text) : 1;
}

// The kernel's own timer kills a process that hangs; no handler, mask or thread of ours is needed.
static void Watchdog(int seconds) {
  struct sigevent event;
  const struct itimerspec when = {{0, 0}, {seconds * Slow(), 0}};
  memset(&event, 0, sizeof(event));
  event.sigev_notify = SIGEV_SIGNAL, event.sigev_signo = SIGKILL;
  timer_t timer;
  CHECK_EQ(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
  CHECK_EQ(timer_settime(timer, 0, &when, 0), 0);
}

static int Done(void) {
  dprintf(1, "ok\n");
  return kPassed;
}

// fork(), with a watchdog for the child, which dies with its parent.
static pid_t Fork(void) {
  pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    CHECK_EQ(prctl(PR_SET_PDEATHSIG, SIGKILL), 0);
    Watchdog(10);
  }
  return pid;
}

static int StatusOf(pid_t pid) {
  int status = 0;
  pid_t waited;
  while ((waited = waitpid(pid, &status, 0)) == -1 && errno == EINTR) continue;
  CHECK_EQ(waited, pid);
  return status;
}

static double Now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void SleepMs(int ms) {
  struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
  while (nanosleep(&left, &left) == -1 && errno == EINTR) continue;
}

// The kernel's 64-bit view of a mask: bit n-1 is signal n. (libc hides its own signals 32 to 34
// from some calls.)
static uint64_t Bits(const sigset_t* set) {
  uint64_t bits;
  memcpy(&bits, set, sizeof(bits));
  return bits;
}
static uint64_t Bit(int sig) { return 1UL << (sig - 1); }
enum { kMaskBytes = 8 };
// 32 to 34, which glibc and musl use themselves and hide or restore as they like.
static uint64_t LibcSignals(void) { return Bit(32) | Bit(33) | Bit(34); }

// This thread's mask, as the kernel tells it.
static uint64_t Mask(void) {
  uint64_t mask = 0;
  CHECK_EQ(syscall(SYS_rt_sigprocmask, SIG_BLOCK, 0, &mask, kMaskBytes), 0);
  return mask;
}
static void SetMask(uint64_t mask) {
  CHECK_EQ(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, 0, kMaskBytes), 0);
}
// What remains of a mask: nothing blocks SIGKILL and SIGSTOP.
static uint64_t Blockable(uint64_t mask) { return mask & ~(Bit(SIGKILL) | Bit(SIGSTOP)); }

typedef void Handler(int sig, siginfo_t* info, void* context);
static void Handle(int sig, Handler* handler, int flags) {
  struct sigaction action;
  memset(&action, 0, sizeof(action));
  action.sa_sigaction = handler, action.sa_flags = flags | SA_SIGINFO;
  CHECK_EQ(sigaction(sig, &action, 0), 0);
}

// Open descriptors below 256.
static int CountDescriptors(void) {
  int count = 0;
  for (int fd = 0; fd < 256; ++fd) count += fcntl(fd, F_GETFD) != -1;
  return count;
}

// Until this thread of ours sleeps in the kernel (or 5 s are over, which the check that follows
// will notice).
static void AwaitSleep(int tid) {
  int sleeping = 0;
  for (int tries = 0; tries < 1000 && sleeping < 5; ++tries) {
    char path[64], stat[512];
    snprintf(path, sizeof(path), "/proc/%d/stat", tid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? 0 : read(fd, stat, sizeof(stat) - 1);
    if (fd >= 0) close(fd);
    stat[size > 0 ? size : 0] = 0;
    const char* state = strrchr(stat, ')');
    sleeping = state && state[2] == 'S' ? sleeping + 1 : 0;
    SleepMs(5);
  }
}

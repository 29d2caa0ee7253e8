// Random bytes after the devices have gone out of reach, as in sshd's sandbox: a filter refuses to open
// anything. In threads, in vfork children, after a fork, never the same bytes twice.
// limit patch: a program with a seccomp filter of its own gets ENOSYS from then on
#include <sys/mman.h>

#include "check.h"

enum { kThreads = 4, kEach = 500, kWidth = 32, kMost = 8000 };
struct Seen {
  int count;
  char bytes[kMost][kWidth];
};
static struct Seen* g_seen;

static long Ask(void) {
  const int place = __atomic_fetch_add(&g_seen->count, 1, __ATOMIC_RELAXED);
  const long got = syscall(SYS_getrandom, g_seen->bytes[place], kWidth, 0);
  return got < 0 ? -errno : got;
}
static void* Thread(void* unused) {
  for (int i = 0; i < kEach; ++i) CHECK_EQ(Ask(), kWidth);
  return unused;
}

// (musl-gcc finds no header of the kernel's.)
struct Instruction {
  unsigned short code;
  unsigned char then, otherwise;
  unsigned k;
};
struct Filter {
  unsigned short length;
  const struct Instruction* code;
};
static void OpenNothing(void) {
  enum { kLoad = 0x20, kIfEqual = 0x15, kReturn = 0x06, kAllow = 0x7fff0000, kErrno = 0x50000 };
  const struct Instruction code[] = {
      {kLoad, 0, 0, 0},
      {kIfEqual, 2, 0, SYS_open},
      {kIfEqual, 1, 0, SYS_openat},
      {kReturn, 0, 0, kAllow},
      {kReturn, 0, 0, kErrno | EACCES},
  };
  const struct Filter filter = {sizeof(code) / sizeof(*code), code};
  CHECK_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  CHECK_EQ(prctl(PR_SET_SECCOMP, 2, &filter, 0, 0), 0);
  CHECK_ERRNO(open("/dev/urandom", O_RDONLY), EACCES);
}

static int Compare(const void* a, const void* b) { return memcmp(a, b, kWidth); }

// A fork child may be told that there are none any more: it has not its parent's key.
static int InForkChild(int sandbox) {
  const pid_t child = fork();
  if (child == 0) {
    if (sandbox) OpenNothing();
    const long got = Ask();
    _exit(got == kWidth ? 0 : got == -ENOSYS ? 1 : 2);
  }
  int status;
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) < 2);
  return WEXITSTATUS(status);
}

int main(void) {
  Watchdog(30);
  g_seen = mmap(0, sizeof(*g_seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(g_seen != MAP_FAILED);
  CHECK_EQ(Ask(), kWidth);
  // With the devices in reach a child has its own; and its parent's stays.
  CHECK_EQ(InForkChild(0), 0);
  CHECK_EQ(InForkChild(1), 0);
  OpenNothing();
  CHECK_EQ(Ask(), kWidth);
  pthread_t threads[kThreads];
  for (int i = 0; i < kThreads; ++i) CHECK_EQ(pthread_create(&threads[i], 0, Thread, 0), 0);
  for (int i = 0; i < kThreads; ++i) CHECK_EQ(pthread_join(threads[i], 0), 0);
  const pid_t child = vfork();
  if (child == 0) _exit(Ask() == kWidth ? 0 : 1);
  int status;
  CHECK_EQ(waitpid(child, &status, 0), child);
  CHECK_EQ(status, 0);
  int without = 0;
  for (int i = 0; i < 20; ++i) without += InForkChild(0);
  CHECK_EQ(Ask(), kWidth);
  if (without != 0) dprintf(1, "%d of 20 fork children had none\n", without);
  // Who was refused has zeros.
  qsort(g_seen->bytes, (size_t)g_seen->count, kWidth, Compare);
  int zeros = 0, same = 0;
  for (int i = 0; i < g_seen->count; ++i) {
    static const char kZeros[kWidth];
    if (memcmp(g_seen->bytes[i], kZeros, kWidth) == 0) ++zeros;
    else if (i != 0) same += memcmp(g_seen->bytes[i], g_seen->bytes[i - 1], kWidth) == 0;
  }
  CHECK_EQ(zeros, without);
  CHECK_EQ(same, 0);
  return Done();
}

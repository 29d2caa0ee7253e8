// prompt: a filter for all threads (TSYNC) is installed at once, whatever happened before it:
// children that were executed from our memory (vfork), threads that a filter killed in the midst of
// calls. Prints the slowest installation of each kind.
#define _GNU_SOURCE
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { kThreads = 6, kRounds = 40 };
static int running;

static long Now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

// How many milliseconds it takes to install a filter that says `action` to call `nr`.
static int Install(long nr, unsigned action) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)nr, 0, 1), BPF_STMT(BPF_RET | BPF_K, action),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  struct sock_fprog program = {4, code};
  const long start = Now();
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0)
    _exit(250);
  const long took = Now() - start;
  return took > 240 ? 240 : (int)took;
}

static int AfterChildren(void) {
  extern char** environ;
  char* arguments[] = {"true", NULL};
  pid_t pid;
  for (int i = 0; i < 3; ++i) {
    if (posix_spawn(&pid, "/bin/true", NULL, NULL, arguments, environ) != 0) _exit(251);
    waitpid(pid, NULL, 0);
  }
  return Install(SYS_vhangup, SECCOMP_RET_ERRNO);
}

static void* Loop(void* at) {
  static const struct { unsigned long flags, mode, resolve; } how = {0, 0, 0};
  char room[256];
  (void)at;
  __atomic_fetch_add(&running, 1, __ATOMIC_RELEASE);
  while (__atomic_load_n(&running, __ATOMIC_ACQUIRE) > 0) {
    syscall(SYS_statx, -100, "/", 0, 0x7ff, room);
    const long fd = syscall(SYS_openat2, -100, "/", &how, sizeof(how));
    if (fd >= 0) syscall(SYS_close, fd);
    syscall(SYS_openat, -100, "/missing", 0);
  }
  return NULL;
}

// Of statx, which is translated: some on their way into the trap, some in it.
static int AfterDeaths(void) {
  pthread_t thread;
  for (int i = 0; i < kThreads; ++i) pthread_create(&thread, NULL, Loop, NULL);
  while (__atomic_load_n(&running, __ATOMIC_ACQUIRE) < kThreads) sched_yield();
  Install(SYS_statx, SECCOMP_RET_KILL_THREAD);
  usleep(10000);
  const int first = Install(SYS_vhangup, SECCOMP_RET_ERRNO),
            second = Install(SYS_vhangup, SECCOMP_RET_ERRNO);
  return first > second ? first : second;
}

// The slowest of some children, -1 where one does not end well.
static int Slowest(int (*what)(void), int rounds) {
  int slowest = 0, status;
  for (int i = 0; i < rounds; ++i) {
    const pid_t pid = fork();
    if (pid == 0) {
      alarm(60);
      prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
      syscall(SYS_exit_group, what());
    }
    waitpid(pid, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) >= 240) return -1;
    if (WEXITSTATUS(status) > slowest) slowest = WEXITSTATUS(status);
  }
  return slowest;
}

int main(void) {
  const int children = Slowest(AfterChildren, 3), deaths = Slowest(AfterDeaths, kRounds);
  printf("the slowest after children %d ms, after deaths %d ms (-1: more than 239, or an error)\n",
         children, deaths);
  return children < 0 || deaths < 0;
}

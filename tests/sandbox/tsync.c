// tsync ROUNDS [native]: no call that a filter kills for is made on the program's behalf, not even
// while that filter is being installed. In each round, in a child, some threads make calls that
// older hosts lack in a loop while another one installs a filter for all of them (TSYNC) that kills
// the process at what those calls are translated to.
//
// Prints for each kind of call how often it went on and how often it said ENOSYS; fails when a
// child dies, when an answer is anything else, or when a call answers ENOSYS natively.
//
// openat2's openat is made by the program's own instruction: between the question and that lies a
// moment in which the filter can come. And once for sure: a thread sleeps in openat2 of a FIFO, the
// filter comes, and a signal (SA_RESTART) makes the call begin again.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kThreads = 8, kKinds = 5, kBefore = 10, kAfter = 50 };
static const char* const names[kKinds] = {"getrandom", "statx", "faccessat2", "close_range",
                                          "openat2"};
struct Shared {
  long well[2][kKinds], enosys[2][kKinds], other[kKinds];
  int what[kKinds];
};
static struct Shared* shared;
static int ready, installed;

static long Make(int kind) {
  static const struct { unsigned long flags, mode, resolve; } how = {O_RDONLY, 0, 0};
  char room[256];
  switch (kind) {
    case 0:
      return syscall(SYS_getrandom, room, 32, 0);
    case 1:
      return syscall(SYS_statx, AT_FDCWD, "/", 0, 0x7ff, room);
    case 2:
      return syscall(SYS_faccessat2, AT_FDCWD, "/", X_OK, AT_EACCESS);
    case 3:
      return syscall(SYS_close_range, 900, 910, 0);
    default: {
      const long fd = syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof(how));
      if (fd >= 0) syscall(SYS_close, fd);
      return fd;
    }
  }
}

static void One(int kind) {
  const int after = __atomic_load_n(&installed, __ATOMIC_ACQUIRE);
  const long result = Make(kind);
  if (result >= 0) {
    __atomic_fetch_add(&shared->well[after][kind], 1, __ATOMIC_RELAXED);
  } else if (errno == ENOSYS) {
    __atomic_fetch_add(&shared->enosys[after][kind], 1, __ATOMIC_RELAXED);
  } else {
    shared->what[kind] = errno;
    __atomic_fetch_add(&shared->other[kind], 1, __ATOMIC_RELAXED);
  }
}

static void* Loop(void* at) {
  int kind = (int)(intptr_t)at % kKinds;
  for (int i = 0; i < kBefore; ++i) One(kind = (kind + 1) % kKinds);
  __atomic_fetch_add(&ready, 1, __ATOMIC_RELEASE);
  for (int i = 0; i < kAfter; ++i) {
    One(kind = (kind + 1) % kKinds);
    if (!__atomic_load_n(&installed, __ATOMIC_ACQUIRE)) i = 0;
  }
  return NULL;
}

static void Install(void) {
  // What translations of these five are made of; nothing that the calls themselves or pthreads
  // need.
  static const int killed[] = {
      SYS_openat,    SYS_open,       SYS_newfstatat, SYS_stat,      SYS_lstat,   SYS_fstat,
      SYS_faccessat, SYS_access,     SYS_fcntl,      SYS_read,      SYS_pread64, SYS_statfs,
      SYS_fstatfs,   SYS_readlinkat, SYS_geteuid,    SYS_getuid,    SYS_getegid, SYS_getgid,
      SYS_capget,    SYS_dup,        SYS_dup3,       SYS_getdents64};
  struct sock_filter code[64];
  int n = 0;
  code[n++] =
      (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
  for (unsigned i = 0; i < sizeof(killed) / sizeof(killed[0]); ++i) {
    code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, killed[i], 0, 1);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  }
  code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  struct sock_fprog program = {(unsigned short)n, code};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0)
    _exit(9);
}

static void Child(int round) {
  pthread_t threads[kThreads];
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  for (int i = 0; i < kThreads; ++i)
    pthread_create(&threads[i], NULL, Loop, (void*)(intptr_t)(i + round));
  while (__atomic_load_n(&ready, __ATOMIC_ACQUIRE) < kThreads) sched_yield();
  for (int i = 0; i < round % 4; ++i) sched_yield();
  Install();
  __atomic_store_n(&installed, 1, __ATOMIC_RELEASE);
  for (int i = 0; i < kThreads; ++i) pthread_join(threads[i], NULL);
  syscall(SYS_exit_group, 0);
}

static char fifo[] = "/tmp/tsync.XXXXXX/fifo";
static void OnSignal(int signal) { (void)signal; }

static void* OpenFifo(void* at) {
  static const struct { unsigned long flags, mode, resolve; } how = {O_RDONLY, 0, 0};
  __atomic_store_n(&ready, (int)syscall(SYS_gettid), __ATOMIC_RELEASE);
  const long fd = syscall(SYS_openat2, AT_FDCWD, fifo, &how, sizeof(how));
  *(int*)at = fd >= 0 ? 0 : errno;
  return NULL;
}

static int Sleeps(int tid) {
  char path[64], text[256] = "";
  snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
  FILE* file = fopen(path, "r");
  const int got = fscanf(file, "%*d (%*[^)]) %255s", text);
  fclose(file);
  return got == 1 && text[0] == 'S';
}

static void Restarted(void) {
  int error = -1;
  pthread_t thread;
  const struct sigaction action = {.sa_handler = OnSignal, .sa_flags = SA_RESTART};
  sigaction(SIGUSR1, &action, NULL);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  pthread_create(&thread, NULL, OpenFifo, &error);
  while (__atomic_load_n(&ready, __ATOMIC_ACQUIRE) == 0) sched_yield();
  for (int asleep = 0; asleep < 20; asleep = Sleeps(ready) ? asleep + 1 : 0) usleep(1000);
  Install();
  pthread_kill(thread, SIGUSR1);
  pthread_join(thread, NULL);
  _exit(error);
}

// What it says; 200 and more where it does not go well.
static int Sleeper(void) {
  int status;
  *strrchr(fifo, '/') = 0;
  if (mkdtemp(fifo) == NULL) return 201;
  fifo[strlen(fifo)] = '/';
  if (mkfifo(fifo, 0600) != 0) return 202;
  const pid_t pid = fork();
  if (pid == 0) {
    alarm(60);
    Restarted();
  }
  // Who sleeps natively even now is woken by a writer.
  usleep(500000);
  const int writer = open(fifo, O_WRONLY | O_NONBLOCK);
  waitpid(pid, &status, 0);
  if (writer >= 0) close(writer);
  unlink(fifo);
  *strrchr(fifo, '/') = 0;
  rmdir(fifo);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 203;
}

// What the program behind an exec gets for a call that the filter of the one before it refuses.
static int AfterExec(void) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mlock, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  struct sock_fprog program = {4, code};
  int status;
  const pid_t pid = fork();
  if (pid == 0) {
    char path[4096] = "";
    if (readlink("/proc/self/exe", path, sizeof(path) - 1) < 0) _exit(201);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0)
      _exit(202);
    execl(path, path, "executed", NULL);
    _exit(203);
  }
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 204;
}

int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "executed") == 0) {
    _exit(syscall(SYS_mlock, &argc, 0) == 0 ? 0 : errno);
  }
  const int rounds = argc > 1 ? atoi(argv[1]) : 100,
            native = argc > 2 && strcmp(argv[2], "native") == 0;
  int bad = 0;
  shared = mmap(0, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  for (int round = 0; round < rounds; ++round) {
    const pid_t pid = fork();
    if (pid == 0) {
      alarm(60);
      Child(round);
    }
    int status;
    waitpid(pid, &status, 0);
    if (status != 0) {
      if (++bad <= 5) fprintf(stderr, "round %d ended %x\n", round, status);
    }
  }
  for (int kind = 0; kind < kKinds; ++kind) {
    printf("%s %ld+%ld well, %ld+%ld ENOSYS; ", names[kind], shared->well[0][kind],
           shared->well[1][kind], shared->enosys[0][kind], shared->enosys[1][kind]);
    if (shared->other[kind] != 0) printf("%ld errno %d; ", shared->other[kind], shared->what[kind]);
    bad += shared->other[kind] != 0 ||
           (native && shared->enosys[0][kind] + shared->enosys[1][kind] != 0);
    bad += shared->well[0][kind] == 0 || shared->well[1][kind] + shared->enosys[1][kind] == 0;
  }
  const int executed = AfterExec(), again = Sleeper();
  bad += executed != EXDEV;
  bad += again != 0 && (native || again != ENOSYS);
  printf("after an exec: errno %d; began again: errno %d; %d rounds, %d bad\n", executed, again,
         rounds, bad);
  return bad != 0;
}

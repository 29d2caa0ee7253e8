// witnessed COUNT SEED [prctl]: children that install random filters and make random calls, for
// witness.c to look at; every other one with threads, two of which install filters for all of them
// (not where there was no seccomp(2): prctl).
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>

#include "random.h"
#include "witness.h"

enum { kWorkers = kThreads - 2, kWorkerCalls = 40, kInstalls = 3 };
static struct Shared* shared;
static int by_prctl, ready, installers;
static __thread struct Thread* self;

static long Call(long nr, long a, long b, long c, long d, long e) {
  self->nr = nr;
  return raw_call(nr, a, b, c, d, e);
}

static void OnSigsys(int signal, siginfo_t* info, void* context) {
  ucontext_t* u = context;
  (void)signal;
  (void)info;
  u->uc_mcontext.gregs[REG_RAX] = 777;
}

static void Install(struct sock_filter* code, int length, unsigned flags) {
  const int i = __atomic_fetch_add(&shared->filters, 1, __ATOMIC_RELAXED);
  struct Filter* filter = &shared->filter[i];
  if (i >= kFilters || length > kRoom) return;
  memcpy(filter->code, code, (size_t)length * sizeof(*code));
  filter->length = length;
  const struct sock_fprog program = {(unsigned short)length, filter->code};
  self->installing = i;
  if (by_prctl || (flags == 0 && Random(2))) {
    Call(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, P(&program), 0, 0);
  } else {
    Call(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, P(&program), 0, 0);
  }
  self->installing = -1;
}

static void One(void) {
  const struct Call* c = &calls[Random(3) ? Random(kPlanned) : Random(kCalls)];
  if (by_prctl && c->nr == SYS_seccomp) return;
  const long result = Call(c->nr, c->a, c->b, c->c, c->d, c->e);
  if (c->makes_descriptor && result > kEmpty && result < 100) Call(SYS_close, result, 0, 0, 0, 0);
}

static void Alone(void) {
  struct sock_filter code[kLongest];
  for (int i = 0; i < 40; ++i) {
    if (i % 12 == 2) {
      const int length = MakeRandom(code);
      Install(code, length, Random(3) == 0 && !by_prctl ? SECCOMP_FILTER_FLAG_TSYNC : 0);
    }
    One();
  }
}

// For all threads: refuses some of what translations are made of, and nothing that ends threads.
static int MakeForAll(struct sock_filter* code) {
  static const int made[] = {SYS_openat,     SYS_epoll_pwait, SYS_preadv, SYS_readv,
                             SYS_newfstatat, SYS_fstat,       SYS_read,   SYS_faccessat,
                             SYS_fstatfs,    SYS_readlinkat,  SYS_fcntl,  SYS_renameat};
  static const unsigned says[] = {SECCOMP_RET_ERRNO | EPERM, SECCOMP_RET_TRAP | 3,
                                  SECCOMP_RET_ERRNO | EXDEV};
  int n = 0;
  code[n++] =
      (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
  for (int i = 0; i < 3; ++i) {
    code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, made[Random(12)], 0, 1);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, says[Random(3)]);
  }
  code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  return n;
}

static void* Work(void* at) {
  const long i = (long)at;
  self = &shared->thread[i];
  state = (uint64_t)i * 77777 + (uint64_t)shared->pid;
  self->installing = -1;
  self->tid = (int)syscall(SYS_gettid);
  __atomic_fetch_add(&ready, 1, __ATOMIC_RELEASE);
  while (__atomic_load_n(&ready, __ATOMIC_ACQUIRE) < kThreads) Call(SYS_sched_yield, 0, 0, 0, 0, 0);
  if (i >= kWorkers) {
    struct sock_filter code[kRoom];
    for (int k = 0; k < kInstalls; ++k) {
      for (int y = (int)Random(20); y >= 0; --y) Call(SYS_sched_yield, 0, 0, 0, 0, 0);
      Install(code, MakeForAll(code), SECCOMP_FILTER_FLAG_TSYNC);
    }
    __atomic_fetch_add(&installers, 1, __ATOMIC_RELEASE);
  }
  for (int n = 0; n < kWorkerCalls || __atomic_load_n(&installers, __ATOMIC_ACQUIRE) < 2; ++n)
    One();
  __atomic_fetch_sub(&ready, 1, __ATOMIC_RELEASE);
  while (__atomic_load_n(&ready, __ATOMIC_ACQUIRE) > 0) Call(SYS_sched_yield, 0, 0, 0, 0, 0);
  Call(SYS_exit_group, 0, 0, 0, 0, 0);
  return NULL;
}

static void Child(int threads) {
  const struct {
    void* handler;
    unsigned long flags;
    void* restorer;
    unsigned long mask;
  } action = {OnSigsys, SA_SIGINFO | 0x04000000, raw_end, 0};
  while (__atomic_load_n(&shared->go, __ATOMIC_ACQUIRE) == 0) sched_yield();
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  self = &shared->thread[0];
  if (threads || Random(4)) Call(SYS_rt_sigaction, SIGSYS, P(&action), 0, 8, 0);
  pthread_t thread;
  for (long i = 1; threads && i < kThreads; ++i) pthread_create(&thread, NULL, Work, (void*)i);
  if (threads) Work((void*)0);
  Alone();
  Call(SYS_exit_group, 0, 0, 0, 0, 0);
}

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  by_prctl = argc > 3;
  shared = mmap(0, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, kShared, 0);
  if (shared == MAP_FAILED) return 2;
  close(kShared);
  while (open("/dev/null", O_RDONLY) < kEmpty) continue;
  shared->behind_call = (unsigned long)behind_raw_call;
  shared->behind_end = (unsigned long)raw_end + 9;
  for (int child = 0; child < atoi(argv[1]); ++child) {
    memset(shared->filter, 0, sizeof(shared->filter));
    memset(shared->thread, 0, sizeof(shared->thread));
    shared->filters = shared->go = 0;
    for (int i = 0; i < kThreads; ++i) shared->thread[i].installing = -1;
    const pid_t pid = fork();
    if (pid == 0) {
      state = (uint64_t)atoi(argv[2]) * 1000003 + (uint64_t)child;
      Child(child % 2 && !by_prctl);
    }
    shared->thread[0].tid = pid;
    __atomic_store_n(&shared->pid, pid, __ATOMIC_RELEASE);
    int status;
    while (waitpid(pid, &status, 0) != pid) continue;
    while (__atomic_load_n(&shared->pid, __ATOMIC_ACQUIRE) != 0)
      usleep(100);  // the witness has seen it
  }
  __atomic_store_n(&shared->done, 1, __ATOMIC_RELEASE);
  return 0;
}

// random-filters COUNT SEED [prctl]: children that install random seccomp filters and make random
// calls, each told on a line of its own: what it answered, which signal came, how the child died.
// Natively and under abishim the lines must be the same; run.sh compares them.
//
// A line ends with `free` where the filters refuse nothing that a translation might need. Where
// they do, ENOSYS is a translation's honest answer, too.
#include "random.h"

struct Record {
  int call, result_hides, free, signals, code, error, nr, arch, right_place;
  long result;
};
struct Shared {
  int count;
  struct Record records[kMade + 8];
};
static struct Shared* shared;
static int by_prctl, handler_on;

static void OnSigsys(int signal, siginfo_t* info, void* context) {
  ucontext_t* u = context;
  struct Record* record = &shared->records[shared->count - 1];
  (void)signal;
  ++record->signals;
  record->code = info->si_code;
  record->error = info->si_errno;
  record->nr = info->si_syscall;
  record->arch = info->si_arch == AUDIT_ARCH_X86_64;
  record->right_place = info->si_call_addr == behind_raw_call &&
                        u->uc_mcontext.gregs[REG_RIP] == (long)behind_raw_call;
  u->uc_mcontext.gregs[REG_RAX] = 777;
}

static long InstallRandom(void) {
  struct sock_filter code[kLongest];
  const int n = MakeRandom(code);
  struct sock_fprog program = {(unsigned short)n, code};
  const unsigned flags = Random(3) == 0 ? SECCOMP_FILTER_FLAG_TSYNC : Random(3) == 0 ? 2 : 0;
  if (Random(2) || by_prctl)
    return raw_call(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, P(&program), 0, 0);
  return raw_call(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, P(&program), 0, 0);
}

static void Note(int call, long result, int hides) {
  struct Record* record = &shared->records[shared->count - 1];
  record->call = call;
  record->result = result;
  record->result_hides = hides;
}

static void Child(void) {
  struct {
    void* handler;
    unsigned long flags;
    void* restorer;
    unsigned long mask;
  } action = {OnSigsys, SA_SIGINFO | 0x04000000, raw_end, 0};
  handler_on = Random(4) != 0;
  if (handler_on) raw_call(SYS_rt_sigaction, SIGSYS, P(&action), 0, 8, 0);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  shared->records[shared->count++].call = -1;
  Note(-1, InstallRandom(), 0);
  for (int i = 0; i < kMade; ++i) {
    if (Random(12) == 0) {
      shared->records[shared->count].call = -1;
      shared->records[shared->count++].free = 0;
      Note(-1, InstallRandom(), 0);
      continue;
    }
    const int call = (int)(Random(2) ? Random(kPlanned) : Random(kCalls));
    const struct Call* c = &calls[call];
    if (by_prctl && c->nr == SYS_seccomp) continue;
    shared->records[shared->count].call = call;
    shared->records[shared->count++].free = !refuses_others;
    const long result = raw_call(c->nr, c->a, c->b, c->c, c->d, c->e);
    Note(call, result, c->makes_descriptor && result >= 0 && result != 777);
    if (c->makes_descriptor && result > kEmpty && result < 100)
      raw_call(SYS_close, result, 0, 0, 0, 0);
  }
  raw_call(SYS_exit_group, 0, 0, 0, 0, 0);
}

static void Tell(int child, int status) {
  for (int i = 0; i < shared->count; ++i) {
    const struct Record* r = &shared->records[i];
    printf("%d.%d %s %s", child, i, r->call < 0 ? "install" : calls[r->call].name,
           r->call >= 0 && r->call < kPlanned && !r->free ? "bound" : "free");
    if (r->result_hides) {
      printf(" descriptor");
    } else {
      printf(" %ld", r->result);
    }
    if (r->signals) {
      printf(" signals %d code %d error %d nr %d arch %d place %d", r->signals, r->code, r->error,
             r->nr, r->arch, r->right_place);
    }
    printf("\n");
  }
  printf("%d ended %x\n", child, status);
}

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  by_prctl = argc > 3;  // there was no seccomp(2) before 3.17
  shared = mmap(0, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  while (open("/dev/null", O_RDONLY) < kEmpty) continue;
  for (int child = 0; child < atoi(argv[1]); ++child) {
    memset(shared, 0, sizeof(*shared));
    const uint64_t seed = (uint64_t)atoi(argv[2]) * 1000003 + (uint64_t)child;
    fflush(stdout);
    const pid_t pid = fork();
    if (pid == 0) {
      state = seed;
      for (int i = 0; i < 4; ++i) Random(2);
      Child();
    }
    int status;
    waitpid(pid, &status, 0);
    Tell(child, status);
  }
  return 0;
}

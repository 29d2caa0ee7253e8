// A program's own SIGSYS handler, sent to by raise, kill, sigqueue, pthread_kill: who, where, with
// which mask it runs.
#include "planned.h"

static volatile int count, in_thread, idle, depth, deepest;
static char alternate[64 << 10];
static volatile siginfo_t seen;
static volatile uint64_t saved, during;
static char* volatile stack_pointer;
static volatile pthread_t runs_in;
static void OnSigsys(int sig, siginfo_t* info, void* context) {
  CHECK_EQ(sig, SIGSYS);
  char here;
  stack_pointer = &here;
  seen = *info;
  saved = Bits(&((ucontext_t*)context)->uc_sigmask);
  during = Mask();
  runs_in = pthread_self();
  ++count;
  if (++depth > deepest) deepest = depth;
  MakePlannedCalls();
  CHECK_EQ(Mask(), during);
  if (count == 1) raise(SIGSYS);  // at once with SA_NODEFER only
  --depth;
}

static int OnAlternate(const char* at) {
  return at >= alternate && at < alternate + sizeof(alternate);
}

static void Sent(int flags, uint64_t own) {
  struct sigaction action = {.sa_sigaction = OnSigsys, .sa_flags = flags | SA_SIGINFO}, back;
  sigaddset(&action.sa_mask, SIGUSR2);
  CHECK_EQ(sigaction(SIGSYS, &action, 0), 0);
  SetMask(own);
  const uint64_t in_handler = own | Bit(SIGUSR2) | (flags & SA_NODEFER ? 0 : Bit(SIGSYS));

  count = deepest = 0;
  CHECK_EQ(raise(SIGSYS), 0);
  CHECK_EQ(count, 2);
  CHECK_EQ(deepest, flags & SA_NODEFER ? 2 : 1);
  CHECK(seen.si_code == SI_TKILL && seen.si_pid == getpid() && seen.si_uid == getuid());
  CHECK_EQ(during, in_handler);
  CHECK_EQ(saved, flags & SA_NODEFER ? in_handler : own);
  if (flags & SA_ONSTACK) CHECK(OnAlternate(stack_pointer));  // else: sigsys-handler-stack

  CHECK_EQ(kill(getpid(), SIGSYS), 0);
  CHECK(count == 3 && seen.si_code == SI_USER && seen.si_pid == getpid());
  CHECK_EQ(saved, own);
  union sigval value = {.sival_ptr = alternate};
  CHECK_EQ(sigqueue(getpid(), SIGSYS, value), 0);
  CHECK(count == 4 && seen.si_code == SI_QUEUE && seen.si_value.sival_ptr == alternate);
  CHECK_EQ(Mask(), own);
  CHECK_EQ(sigaction(SIGSYS, 0, &back), 0);
  CHECK(back.sa_sigaction == OnSigsys);
  CHECK_EQ(back.sa_flags & ~0x04000000, action.sa_flags);  // SA_RESTORER is libc's business
  CHECK_EQ(Bits(&back.sa_mask), Bits(&action.sa_mask));

  pid_t child = Fork();
  if (child == 0) _exit(kill(getppid(), SIGSYS));
  CHECK_EQ(StatusOf(child), 0);
  CHECK(count == 5 && seen.si_code == SI_USER && seen.si_pid == child);
  MakePlannedCalls();
}

static void* Thread(void* argument) {
  in_thread = 1;
  MakePlannedCalls();
  for (; in_thread; ++idle) sched_yield();  // during planned calls: sigsys-storm
  return argument;
}

// A signal with RESETHAND runs the handler once, then kills.
static void Once(void) {
  pid_t pid = Fork();
  if (pid == 0) {
    struct sigaction back;
    Handle(SIGSYS, OnSigsys, SA_RESETHAND | SA_NODEFER);
    MakePlannedCalls();
    count = 1;
    raise(SIGSYS);
    CHECK_EQ(count, 2);
    CHECK_EQ(sigaction(SIGSYS, 0, &back), 0);
    CHECK(back.sa_handler == SIG_DFL);
    MakePlannedCalls();
    raise(SIGSYS);
    _exit(1);
  }
  CHECK_EQ(WTERMSIG(StatusOf(pid)), SIGSYS);
}

int main(void) {
  Watchdog(20);
  const stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate)};
  CHECK_EQ(sigaltstack(&stack, 0), 0);
  const int flags[] = {0, SA_ONSTACK, SA_NODEFER, SA_RESTART | SA_ONSTACK | SA_NODEFER};
  MakePlannedCalls();
  for (int i = 0; i < 4; ++i) {
    Sent(flags[i], 0);
    Sent(flags[i], Bit(SIGUSR1));
  }
  SetMask(0);

  pthread_t thread;
  CHECK_EQ(pthread_create(&thread, 0, Thread, 0), 0);
  while (!in_thread) SleepMs(1);
  for (int i = 0; i < 100; ++i) {
    count = 2;
    CHECK_EQ(pthread_kill(thread, SIGSYS), 0);
    while (count != 3) sched_yield();
    for (int now = idle; idle < now + 2;) sched_yield();  // the handler has returned
    CHECK(pthread_equal(runs_in, thread));
  }
  in_thread = 0;
  pthread_join(thread, 0);
  Once();
  return Done();
}

// The vsyscall page as programs of glibc 2.5 to 2.13 call it: in threads, children, handlers, with
// bad pointers and under every mask.
#include <sched.h>
#include <setjmp.h>
#include <sys/mman.h>

#include "vsyscall.h"

static void* Thread(void* rounds) {
  for (long i = 0; i < (long)rounds; ++i) CallVsyscalls();
  return 0;
}
static void* ThreadThatBlocks(void* rounds) {
  SetMask(~0UL);
  Thread(rounds);
  CHECK_EQ(Blockable(Mask()), Blockable(~0UL));
  return 0;
}

static void CheckThreads(void) {
  pthread_t threads[4];
  for (int i = 0; i < 4; ++i) {
    CHECK_EQ(pthread_create(&threads[i], 0, i % 2 ? ThreadThatBlocks : Thread, (void*)100), 0);
  }
  for (int i = 0; i < 4; ++i) CHECK_EQ(pthread_join(threads[i], 0), 0);
}

static void CheckChildren(void) {
  pid_t child = Fork();
  if (child == 0) CallVsyscalls(), _exit(7);
  CHECK_EQ(StatusOf(child), 7 << 8);
  child = vfork();
  if (child == 0) CallVsyscalls(), _exit(8);
  CHECK_EQ(StatusOf(child), 8 << 8);
}

static volatile int handled;
static void OnAlarm(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)info, (void)context;
  CallVsyscalls();
  ++handled;
}
// A handler that blocks everything, and one that interrupts calls of the page all the time.
static void CheckHandlers(void) {
  struct sigaction action;
  memset(&action, 0, sizeof(action));
  action.sa_sigaction = OnAlarm, action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigfillset(&action.sa_mask);
  CHECK_EQ(sigaction(SIGALRM, &action, 0), 0);
  struct sigaction read;
  CHECK_EQ(sigaction(SIGALRM, 0, &read), 0);
  CHECK(sigismember(&read.sa_mask, SIGSEGV) == 1);
  raise(SIGALRM);
  CHECK_EQ(handled, 1);
  const struct itimerval often = {{0, 2000}, {0, 2000}}, never = {{0, 0}, {0, 0}};
  CHECK_EQ(setitimer(ITIMER_REAL, &often, 0), 0);
  while (handled < 50) CallVsyscalls();
  CHECK_EQ(setitimer(ITIMER_REAL, &never, 0), 0);
  // As a mask for the length of a call, too.
  const uint64_t before = Mask();
  SetMask(before | Bit(SIGALRM));
  kill(getpid(), SIGALRM);
  const uint64_t all = ~Bit(SIGALRM);
  const int seen = handled;
  CHECK_EQ(syscall(SYS_rt_sigsuspend, &all, kMaskBytes), -1);
  CHECK_EQ(handled, seen + 1);
  CHECK_EQ(Mask(), before | Bit(SIGALRM));
  SetMask(before);
}

static sigjmp_buf back;
static siginfo_t fault;
static volatile unsigned long fault_pc;
static void OnFault(int sig, siginfo_t* info, void* context) {
  (void)sig;
  fault = *info;
  fault_pc = ((unsigned long*)context)[5 + 16];  // uc_mcontext.gregs[REG_RIP]
  CallVsyscalls();  // a crash reporter wants the time
  siglongjmp(back, 1);
}
#define FAULT(call, pc)                                                  \
  do {                                                                   \
    fault_pc = 0;                                                        \
    if (sigsetjmp(back, 1) == 0) {                                       \
      call;                                                              \
      CHECK(!#call);                                                     \
    }                                                                    \
    CHECK_EQ(fault_pc, pc);                                              \
  } while (0)

static void CheckBadPointers(void) {
  Handle(SIGSEGV, OnFault, 0);
  char* read_only = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(read_only != MAP_FAILED);
  void* const bad[] = {(void*)8, read_only, (void*)0xffff888000000000};
  for (int i = 0; i < 3; ++i) {
    FAULT(OldTime(bad[i]), 0xffffffffff600400);
    CHECK_EQ(fault.si_addr, i == 2 ? bad[i] : 0);
    FAULT(OldGettimeofday(bad[i], 0), 0xffffffffff600000);
    CHECK_EQ(fault.si_addr, i == 2 ? bad[i] : 0);
    FAULT(OldGettimeofday(0, bad[i]), 0xffffffffff600000);
    FAULT(OldGetcpu(bad[i], 0, 0), 0xffffffffff600800);
    FAULT(OldGetcpu(0, bad[i], 0), 0xffffffffff600800);
    CHECK_EQ(OldGetcpu(0, 0, bad[i]), 0);
  }
  CHECK_EQ(Mask() & Bit(SIGSEGV), 0);
}

// What is no call of the page stays a fault.
static void CheckOtherAddresses(void) {
  static const unsigned long others[] = {1, 8, 0x3ff, 0x408, 0x7ff, 0x801, 0xc00, 0xfff};
  for (volatile int i = 0; i < 8; ++i) {
    const unsigned long pc = 0xffffffffff600000 + others[i];
    FAULT(((void (*)(void))pc)(), 0xffffffffff600000 + others[i]);
  }
  FAULT(((void (*)(void))8)(), 8);
  CHECK_EQ(fault.si_addr, (void*)8);
}

int main(void) {
  Watchdog(20);
  CallVsyscalls();
  struct timezone zone = {-1, -1};
  CHECK_EQ(OldGettimeofday(0, &zone), 0);
  CHECK(zone.tz_minuteswest != -1);
  CheckThreads();
  CheckChildren();
  CheckHandlers();
  CheckBadPointers();
  CheckOtherAddresses();
  SetMask(~0UL);
  CallVsyscalls();
  CHECK_EQ(Blockable(Mask()), Blockable(~0UL));
  return Done();
}

// SIGSEGV blocked, sent, and raised by a fault, in all orders; and calls of the vsyscall page in
// between, which must neither end nor change any of it.
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "vsyscall.h"

static volatile int sent, faults;
static char* volatile barrier;
static void OnSegv(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)context;
  CallVsyscalls();
  if (info->si_code <= 0) {
    CHECK_EQ(info->si_pid, getpid());
    ++sent;
    return;
  }
  // A write barrier, as collectors have it: the page is opened and the write made again.
  CHECK(info->si_addr == barrier);
  CHECK_EQ(info->si_code, SEGV_ACCERR);
  CHECK_EQ(mprotect(barrier, 4096, PROT_READ | PROT_WRITE), 0);
  ++faults;
}

static void CheckSent(void) {
  SetMask(Bit(SIGSEGV));
  CallVsyscalls();
  kill(getpid(), SIGSEGV);
  CallVsyscalls();
  CHECK_EQ(sent, 0);
  CHECK_EQ(Mask(), Bit(SIGSEGV));
  SetMask(0);
  CHECK_EQ(sent, 1);
  CHECK_EQ(Mask(), 0);
  kill(getpid(), SIGSEGV);
  CHECK_EQ(sent, 2);
  // Held back until a mask for the length of a call lets it through.
  SetMask(Bit(SIGSEGV) | Bit(SIGUSR1));
  kill(getpid(), SIGSEGV);
  const uint64_t none = 0;
  errno = 0;
  CHECK_EQ(syscall(SYS_rt_sigsuspend, &none, kMaskBytes), -1);
  CHECK_EQ(errno, EINTR);
  CHECK_EQ(sent, 3);
  CHECK_EQ(Mask(), Bit(SIGSEGV) | Bit(SIGUSR1));
  SetMask(0);
  CHECK_EQ(sent, 3);
}

static void CheckBarrier(void) {
  for (int i = 1; i <= 200; ++i) {
    CHECK_EQ(mprotect(barrier, 4096, PROT_READ), 0);
    *barrier = (char)i;
    CHECK_EQ(faults, i);
    CHECK_EQ(*barrier, (char)i);
    CallVsyscalls();
  }
}

static void* CheckBarrierInThread(void* page) { return *(char*)page = 1, page; }

// How a child ends that writes to a page that it may not write to.
static int EndOf(void (*prepare)(void)) {
  pid_t child = Fork();
  if (child == 0) {
    const struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    close(1);  // what it has to say is expected
    prepare();
    CallVsyscalls();
    *(volatile char*)8 = 1;
    _exit(42);
  }
  return StatusOf(child);
}
static void Nothing(void) {}
static void Block(void) { SetMask(Bit(SIGSEGV)); }
static void Default(void) { signal(SIGSEGV, SIG_DFL); }
static void Ignore(void) { signal(SIGSEGV, SIG_IGN); }
static void Exit42(int sig) { (void)sig, _exit(42); }
static void WithHandler(void) { signal(SIGSEGV, Exit42); }
static void HandlerBlocked(void) { WithHandler(), Block(); }
static void FaultAgain(int sig) { (void)sig, CallVsyscalls(), *(volatile char*)16 = 1; }
static void HandlerThatFaults(void) { signal(SIGSEGV, FaultAgain); }
static sigjmp_buf away;
static void JumpAway(int sig) { (void)sig, siglongjmp(away, 1); }
static void JumpFromHandler(void) {
  signal(SIGSEGV, JumpAway);
  for (volatile int i = 0; i < 100; ++i) {
    if (sigsetjmp(away, 1) == 0) *(volatile char*)8 = 1;
    CHECK_EQ(Mask() & Bit(SIGSEGV), 0);
  }
  signal(SIGSEGV, SIG_DFL);
}
// Without the mask the signal stays blocked, so the next fault kills.
static void JumpWithoutMask(void) {
  signal(SIGSEGV, JumpAway);
  if (sigsetjmp(away, 0) == 0) *(volatile char*)8 = 1;
  CHECK_EQ(Mask() & Bit(SIGSEGV), Bit(SIGSEGV));
}

int main(void) {
  Watchdog(20);
  barrier = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(barrier != MAP_FAILED);
  Handle(SIGSEGV, OnSegv, SA_RESTART);
  CheckSent();
  CheckBarrier();
  pthread_t thread;
  CHECK_EQ(mprotect(barrier, 4096, PROT_READ), 0);
  CHECK_EQ(pthread_create(&thread, 0, CheckBarrierInThread, barrier), 0);
  CHECK_EQ(pthread_join(thread, 0), 0);
  CHECK_EQ(faults, 201);
  CHECK_EQ(EndOf(Default) & 0x7f, SIGSEGV);
  CHECK_EQ(EndOf(Block) & 0x7f, SIGSEGV);
  CHECK_EQ(EndOf(Ignore) & 0x7f, SIGSEGV);
  CHECK_EQ(EndOf(WithHandler), 42 << 8);
  CHECK_EQ(EndOf(HandlerBlocked) & 0x7f, SIGSEGV);
  CHECK_EQ(EndOf(HandlerThatFaults) & 0x7f, SIGSEGV);
  CHECK_EQ(EndOf(JumpFromHandler) & 0x7f, SIGSEGV);
  CHECK_EQ(EndOf(JumpWithoutMask) & 0x7f, SIGSEGV);
  CHECK_EQ(EndOf(Nothing), kFailed << 8);  // OnSegv finds another address than the barrier's
  return Done();
}

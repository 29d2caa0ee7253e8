// What a handler writes into its context comes true when it returns: registers, program counter,
// mask; also for SIGSEGV.
#include <sys/mman.h>
#include <ucontext.h>

#include "planned.h"

static volatile long wanted;
static volatile int handled;

// The faulting load reads through rbx: let it read something else, and again.
static void Repair(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)info;
  greg_t* registers = ((ucontext_t*)context)->uc_mcontext.gregs;
  ++handled;
  MakePlannedCalls();
  registers[REG_RBX] = (greg_t)&wanted;
}

// Leaves the call `ud2` behind, and answers in its place.
static void Skip(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)info;
  greg_t* registers = ((ucontext_t*)context)->uc_mcontext.gregs;
  ++handled;
  MakePlannedCalls();
  registers[REG_RIP] += 2;
  registers[REG_RAX] = wanted;
}

// A garbage collector's way: the handler makes the page accessible.
static void Unprotect(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)context;
  ++handled;
  MakePlannedCalls();
  char* page = (char*)((uintptr_t)info->si_addr & ~4095UL);
  CHECK_EQ(mprotect(page, 4096, PROT_READ | PROT_WRITE), 0);
}

int main(void) {
  Watchdog(20);
  const int flags[] = {0, SA_ONSTACK, SA_NODEFER};
  static char space[64 << 10];
  const stack_t stack = {.ss_sp = space, .ss_size = sizeof(space)};
  CHECK_EQ(sigaltstack(&stack, 0), 0);
  char* pages = mmap(0, 64 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(pages != MAP_FAILED);
  for (int i = 0; i < 64; ++i) {
    long result;
    SetMask(i % 2 ? Bit(SIGSYS) | Bit(SIGUSR1) : 0);
    wanted = 1000 + i, handled = 0;
    Handle(SIGSEGV, Repair, flags[i % 3]);
    __asm__ volatile("mov (%%rbx), %0" : "=r"(result) : "b"(8L) : "memory");
    CHECK_EQ(result, wanted);
    Handle(SIGILL, Skip, flags[i % 3]);
    __asm__ volatile("ud2" : "=a"(result) : : "memory");
    CHECK_EQ(result, wanted);
    Handle(SIGSEGV, Unprotect, flags[i % 3]);
    pages[4096 * i + 5] = 7;
    CHECK_EQ(pages[4096 * i + 5], 7);
    CHECK_EQ(handled, 3);
    CHECK_EQ(Mask(), i % 2 ? Bit(SIGSYS) | Bit(SIGUSR1) : 0);
    MakePlannedCalls();
  }
  // The kernel is given a page that only a handler could open: that is EFAULT, the handler is not
  // asked.
  CHECK_EQ(mprotect(pages, 4096, PROT_NONE), 0);
  handled = 0;
  CHECK_ERRNO(Getrandom(pages, 16), EFAULT);
  CHECK_ERRNO(Statx(AT_FDCWD, "/", 0, (void*)pages), EFAULT);
  CHECK_ERRNO(Statx(AT_FDCWD, pages, 0, (void*)space), EFAULT);
  CHECK_EQ(handled, 0);
  return Done();
}

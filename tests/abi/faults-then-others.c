// Frames of faults and of other signals, one after the other at the same place of the stack, with
// SIGSYS blocked or not.
#include <ucontext.h>

#include "planned.h"

static volatile int calls;
static void OnSignal(int sig, siginfo_t* info, void* context) {
  (void)sig;
  if (calls) MakePlannedCalls();
  // Past the two bytes of the instruction that faulted.
  if (info->si_code > 0) ((ucontext_t*)context)->uc_mcontext.gregs[REG_RIP] += 2;
}

__attribute__((noinline)) static void Segv(void) {
  __asm__ volatile("movb (%%rbx), %%al" : : "b"(8L) : "rax", "memory");
}
__attribute__((noinline)) static void Ill(void) { __asm__ volatile("ud2" : : : "memory"); }
__attribute__((noinline)) static void Sys(void) {
  syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGSYS);
}
__attribute__((noinline)) static void Usr(void) {
  syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1);
}

int main(void) {
  Watchdog(20);
  static char space[64 << 10];
  const stack_t stack = {.ss_sp = space, .ss_size = sizeof(space)};
  CHECK_EQ(sigaltstack(&stack, 0), 0);
  void (*const kinds[])(void) = {Segv, Ill, Sys, Usr};
  const int sigs[] = {SIGSEGV, SIGILL, SIGSYS, SIGUSR1};
  for (int i = 0; i < 256; ++i) {
    static char where[64];
    const int first = i % 4, second = i / 4 % 4;
    const uint64_t before = i & 16 ? Bit(SIGSYS) : 0, mask = i & 32 ? Bit(SIGSYS) : 0;
    const int on_stack = i & 64 ? SA_ONSTACK : 0;
    calls = i & 128;
    snprintf(where, sizeof(where), "%d then %d, case %d", sigs[first], sigs[second], i);
    check_context = where;
    for (int j = 0; j < 4; ++j) Handle(sigs[j], OnSignal, on_stack);
    SetMask(before);
    kinds[first]();
    CHECK_EQ(Mask(), before);
    SetMask(mask | Bit(SIGUSR2));
    kinds[second]();
    CHECK_EQ(Mask(), mask | Bit(SIGUSR2));
    SetMask(0);
  }
  return Done();
}

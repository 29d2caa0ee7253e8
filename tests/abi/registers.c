// A call changes rax, rcx and r11 alone: no other register, no flag, no vector register, nothing
// below the stack pointer. (A re-executed one leaves its own arguments behind, no more.)
// limit patch: its `syscall` instruction is one for all numbers, and of a shape that is not patched
#include "planned.h"

struct Registers {
  long rdi, rsi, rdx, r10, r8, r9, rbx, rbp, r12, r13, r14, r15;
  char xmm[16][16];
  char red_zone[128];
  long flags;
};

// Loads `r`, makes the call, stores into `r`; returns rax.
long CallWith(long nr, struct Registers* r);
__asm__(
    ".text\n"
    "CallWith:\n"
    "push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15; push %rsi\n"
    "mov %rdi, %rax; mov %rsi, %rcx\n"
    ".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
    "movups (96+16*\\n)(%rcx), %xmm\\n\n"
    ".endr\n"
    ".irp n,0,8,16,24,32,40,48,56,64,72,80,88,96,104,112,120\n"
    "mov (352+\\n)(%rcx), %r11; mov %r11, (\\n-128)(%rsp)\n"
    ".endr\n"
    "mov 0(%rcx), %rdi; mov 8(%rcx), %rsi; mov 16(%rcx), %rdx; mov 24(%rcx), %r10\n"
    "mov 32(%rcx), %r8; mov 40(%rcx), %r9; mov 48(%rcx), %rbx; mov 56(%rcx), %rbp\n"
    "mov 64(%rcx), %r12; mov 72(%rcx), %r13; mov 80(%rcx), %r14; mov 88(%rcx), %r15\n"
    "std; stc\n"
    "syscall\n"
    "mov (%rsp), %rcx\n"
    "mov %rdi, 0(%rcx); mov %rsi, 8(%rcx); mov %rdx, 16(%rcx); mov %r10, 24(%rcx)\n"
    "mov %r8, 32(%rcx); mov %r9, 40(%rcx); mov %rbx, 48(%rcx); mov %rbp, 56(%rcx)\n"
    "mov %r12, 64(%rcx); mov %r13, 72(%rcx); mov %r14, 80(%rcx); mov %r15, 88(%rcx)\n"
    ".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
    "movups %xmm\\n, (96+16*\\n)(%rcx)\n"
    ".endr\n"
    ".irp n,0,8,16,24,32,40,48,56,64,72,80,88,96,104,112,120\n"
    "mov (\\n-128)(%rsp), %r11; mov %r11, (352+\\n)(%rcx)\n"
    ".endr\n"
    "pushf; pop %r11; mov %r11, 480(%rcx); cld\n"
    "pop %rsi; pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
    "ret\n");
static_assert(sizeof(struct Registers) == 488, "offsets above");

static unsigned changed;  // which words may be others: by the arguments' numbers

static void Keeps(long nr, long a, long b, long c, long d, long e, long should) {
  struct Registers before, after;
  CHECK_EQ(Getrandom(&before, sizeof(before)), sizeof(before));
  before.rdi = a, before.rsi = b, before.rdx = c, before.r10 = d, before.r8 = e;
  after = before;
  const long result = CallWith(nr, &after);
  CHECK_EQ(result, should);
  CHECK_EQ(after.flags & 0x401, 0x401);  // direction and carry, which were set
  after.flags = before.flags;
  const long *is = (long*)&after, *was = (long*)&before;
  for (size_t i = 0; i < sizeof(after) / sizeof(long); ++i) {
    static char where[48];
    snprintf(where, sizeof(where), "call %ld, word %zu", nr, i);
    check_context = where;
    if (i >= 6 || (changed >> i & 1) == 0) CHECK_EQ(is[i], was[i]);
  }
  check_context = "";
}

int main(void) {
  Watchdog(20);
  char buffer[64];
  struct StatxResult result;
  const struct OpenHow wrong = {.flags = O_RDONLY, .resolve = 1UL << 40};
  const struct OpenHow right = {.flags = O_RDONLY};
  for (int i = 0; i < 100; ++i) {
    Keeps(SYS_getpid, 1, 2, 3, 4, 5, getpid());
    Keeps(SYS_getrandom, (long)buffer, 64, 0, 77, 78, 64);
    Keeps(SYS_getrandom, 16, 64, 0, 77, 78, -EFAULT);
    Keeps(SYS_statx, AT_FDCWD, (long)"/", 0, kBasicStats, (long)&result, 0);
    Keeps(SYS_statx, AT_FDCWD, (long)"/no/such", 0, kBasicStats, (long)&result, -ENOENT);
    Keeps(SYS_faccessat2, AT_FDCWD, (long)"/", R_OK, kAtEaccess, 5, 0);
    Keeps(SYS_openat2, AT_FDCWD, (long)"/", (long)&wrong, sizeof(wrong), 5, -EINVAL);
    changed = 1 << 2 | 1 << 3;
    Keeps(SYS_openat2, AT_FDCWD, (long)"/no/such", (long)&right, sizeof(right), 5, -ENOENT);
    changed = 0;
    Keeps(SYS_close_range, 900, 900, 0, 1, 2, 0);
    uint64_t old;
    Keeps(SYS_rt_sigprocmask, SIG_BLOCK, 0, (long)&old, 8, 3, 0);
    Keeps(SYS_rt_sigaction, SIGUSR1, 0, (long)buffer, 8, 3, 0);
    Keeps(SYS_sigaltstack, 0, (long)buffer, 1, 2, 3, 0);
  }
  return Done();
}

// Which instructions before a call may be moved and which must stay: each shape is gone through
// often, its call is right before and after, and it is a jump then or it is not.
#include <errno.h>
#include <sys/syscall.h>

#include "../abi/check.h"

// In: rax = rcx = r8 = number, rdx = r9 = third argument.
#define SHAPE(name, before, code)                                                           \
  ".balign 64; .skip 32, 0x90; .globl " name ", " name "_call; " name ": " before "; " code \
  "; " name "_call: syscall; ret;"
__asm__(
    ".text;" SHAPE("moved", "nop",
                   "mov $325, %eax; mov %rdx, %rdx; xor %esi, %esi; or $1, %esi; movslq %esi, %rsi")
        SHAPE("argument", "nop", "mov $0x80, %edx; mov %r8, %rax")
            SHAPE("extended", "nop", "mov $0x80, %r10d; mov %r8, %rax; mov %r9, %rdx")
                SHAPE("wide", "nop", "mov $0x80, %rdx; mov %r8, %rax")
                    SHAPE("inside", "nop", "movl $325, -72(%rbp)")  // its end is mov $325, %eax
    SHAPE("covered", "nop", "movabs $0xd28948000145b8, %r9")  // its end is that and mov %rdx, %rdx
    SHAPE("memory", "nop", "mov $325, %eax; mov (%rsp), %r10")
        SHAPE("stack", "nop", "mov $325, %eax; push %rdx; pop %rdx")
            SHAPE("relative", "nop", "mov $325, %eax; lea (%rip), %r10")
                SHAPE("jumped", "jmp 1f",
                      "mov $0x70, %edx; 1: mov %r8, %rax")  // it does not hold 0x70
    SHAPE("rewritten", "nop", "mov $0x80, %edx; mov %r9, %rdx; mov %r8, %rax"));

struct shape {
  const char* name;
  const unsigned char *entry, *call;
  int back, patched;  // how far before the call a jump is or would be
};
#define OF(shape, back, patched) \
  { #shape, shape, shape##_call, back, patched }
extern const unsigned char moved[], moved_call[], argument[], argument_call[], extended[],
    extended_call[], wide[], wide_call[], inside[], inside_call[], covered[], covered_call[],
    memory[], memory_call[], stack[], stack_call[], relative[], relative_call[], jumped[],
    jumped_call[], rewritten[], rewritten_call[];
static const struct shape shapes[] = {
    OF(moved, 16, 1),    OF(argument, 8, 1), OF(extended, 12, 1),  OF(wide, 10, 1),
    OF(inside, 5, 0),    OF(covered, 8, 0),  OF(memory, 9, 0),     OF(stack, 7, 0),
    OF(relative, 12, 0), OF(jumped, 8, 0),   OF(rewritten, 11, 0),
};

static long Call(const unsigned char* entry, long nr, long c) {
  register long r8 __asm__("r8") = nr;
  register long r9 __asm__("r9") = c;
  __asm__ volatile(
      "lea -256(%%rsp), %%rsp; push %%rbp; lea 128(%%rsp), %%rbp; call *%[entry]; pop %%rbp; lea "
      "256(%%rsp), %%rsp"
      : "+a"(nr), "+d"(c), "+r"(r8), "+r"(r9)
      : [entry] "b"(entry), "D"(0), "S"(0)
      : "rcx", "r10", "r11", "memory");
  return nr;
}

int main(int argc, char** argv) {
  const char* way = argc > 1 ? argv[1] : "";
  const int patches = strcmp(way, "patched") == 0 || strcmp(way, "eager") == 0;
  for (unsigned i = 0; i < sizeof(shapes) / sizeof(shapes[0]); ++i) {
    const struct shape* shape = &shapes[i];
    check_context = shape->name;
    for (int n = 0; n < 200; ++n) CHECK_EQ(Call(shape->entry, SYS_mlock2, 0x80), -EINVAL);
    CHECK_EQ(*(const volatile unsigned char*)(shape->call - shape->back) == 0xe9,
             patches && shape->patched);
  }
  check_context = "others";
  for (int n = 0; n < 200; ++n) {
    // By the same sites another number, and from behind the jump.
    CHECK_EQ(Call(argument, SYS_getppid, 0x80), getppid());
    CHECK_EQ(Call(wide, SYS_getppid, 0x80), getppid());
    CHECK_EQ(Call(argument_call - 3, SYS_mlock2, 0x80), -EINVAL);
    CHECK_EQ(Call(argument_call - 3, SYS_getppid, 0x80), getppid());
    CHECK_EQ(Call(moved_call - 3, SYS_mlock2, 0x80), -EINVAL);
    CHECK_EQ(Call(moved_call, SYS_mlock2, 0x80), -EINVAL);
  }
  return Done();
}

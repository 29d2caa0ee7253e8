// An old static program by its ABI note, of Linux MAJOR.MINOR: 7 if the vsyscall page told it the
// time.
#define TEXT(x) #x
#define NOTE(major, minor)                                                                \
  __asm__(                                                                                \
      ".section .note.ABI-tag, \"a\", @note\n.balign 4\n.long 4, 16, 1\n.asciz \"GNU\"\n" \
      ".long 0, " TEXT(major) ", " TEXT(minor) ", 9\n.previous")
NOTE(MAJOR, MINOR);

void _start(void) {
  long seconds;
  __asm__ volatile("and $-16, %%rsp; mov $0xffffffffff600400, %%rax; call *%%rax"
                   : "=a"(seconds)
                   : "D"(0L)
                   : "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "memory", "cc");
  __asm__ volatile("syscall" : : "a"(231L), "D"(seconds > 0 ? 7L : 8L));
  __builtin_unreachable();
}

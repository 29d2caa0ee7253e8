// Prints where this program makes a call, and what a filter sees as its instruction pointer: `right` or `wrong`, and both addresses. A filter gives no
// address back, so each bit is asked for by a filter, in a child, of its own.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern const char made_here[];

// In one place, so it must not be copied into its callers.
static __attribute__((noipa)) long call(long number) {
  long result;
  asm volatile(
      "syscall\n"
      ".globl made_here\n"
      "made_here:"
      : "=a"(result)
      : "0"(number)
      : "rcx", "r11", "memory");
  return result;
}

// 1 or 0; -1: there was no filter.
static int bit(int i) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer) + i / 32 * 4),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1u << i % 32, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 100),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof code / sizeof *code, code};
  pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) _exit(2);
    _exit(call(SYS_getppid) == -100);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) > 1) return -1;
  return WEXITSTATUS(status);
}

int main(void) {
  unsigned long seen = 0;
  for (int i = 0; i < 64; ++i) {
    int set = bit(i);
    if (set < 0) return 2;
    seen |= (unsigned long)set << i;
  }
  printf("%s: made at %#lx, filters see %#lx\n", seen == (unsigned long)made_here ? "right" : "wrong", (unsigned long)made_here, seen);
}

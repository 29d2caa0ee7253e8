// What a program sees of abishim: prints what /proc/self/status says of seccomp and no_new_privs, the actions of
// all signals that are not the default, the blocked mask, and the alternate stack. Run with and without the library.
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
  char line[256];
  FILE* status = fopen("/proc/self/status", "r");
  while (fgets(line, sizeof line, status)) {
    if (!strncmp(line, "Seccomp", 7) || !strncmp(line, "NoNewPrivs", 10) || !strncmp(line, "Sig", 3) ||
        !strncmp(line, "Shd", 3) || !strncmp(line, "Threads", 7) || !strncmp(line, "TracerPid", 9)) {
      if (strncmp(line, "SigQ", 4)) fputs(line, stdout);
    }
  }
  fclose(status);
  for (int signal = 1; signal <= 64; ++signal) {
    struct { unsigned long handler, flags, restorer, mask; } action = {0};
    syscall(SYS_rt_sigaction, signal, NULL, &action, 8);
    if (action.handler) printf("signal %d: %#lx flags %#lx mask %#lx\n", signal, action.handler, action.flags, action.mask);
  }
  stack_t stack;
  sigaltstack(NULL, &stack);
  printf("alternate stack %zu flags %d\n", stack.ss_size, stack.ss_flags);
  printf("descriptor %d\n", dup(0));
  FILE* maps = fopen("/proc/self/maps", "r");
  int low = 0;
  unsigned long start;
  while (fgets(line, sizeof line, maps)) {
    if (sscanf(line, "%lx", &start) == 1 && start >= 0x70000000 && start < 0x7eff0000) ++low;
  }
  printf("mappings in the window of the image: %d\n", low);
  return 0;
}

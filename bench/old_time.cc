// old_time page|vdso: time(), by the vsyscall page as glibc 2.5 to 2.13 called it, or by the vDSO.
// For each count on standard input the seconds that so many calls took, on standard output.
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

namespace {

// By the code of that time's libc, so that its call site is one that can be patched.
[[gnu::noinline]] long OldTime() {
  long result;
  asm volatile("sub $136, %%rsp; mov $0xffffffffff600400, %%rax; call *%%rax; add $136, %%rsp"
               : "=a"(result)
               : "D"(0L)
               : "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "memory", "cc");
  return result;
}
[[gnu::noinline]] long NewTime() { return time(nullptr); }

double Now() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace

int main(int argc, char** argv) {
  long (*const call)() = argc > 1 && strcmp(argv[1], "page") == 0 ? OldTime : NewTime;
  for (int i = 0; i < 200; ++i) call();
  long n;
  while (read(0, &n, sizeof(n)) == sizeof(n)) {
    const double start = Now();
    for (long i = 0; i < n; ++i) call();
    const double seconds = Now() - start;
    if (write(1, &seconds, sizeof(seconds)) != sizeof(seconds)) return 1;
  }
  return 0;
}

// Calls of the vsyscall page, by the code that glibc 2.5 to 2.13 had for time(), gettimeofday() and
// sched_getcpu() on x86-64.
#pragma once

#include <sys/time.h>

#include "check.h"

#define VSYSCALL(address)                            \
  "sub $8, %%rsp\n\t"                                \
  "mov $" address ", %%rax\n\t"                      \
  "call *%%rax\n\t"                                  \
  "add $8, %%rsp"
// Behind the red zone: the compiler knows nothing of the call.
#define CALL(address, result, a, b, c)                                                       \
  __asm__ volatile("lea -128(%%rsp), %%rsp\n\t" VSYSCALL(address) "\n\tlea 128(%%rsp), %%rsp" \
                   : "=a"(result), "+D"(a), "+S"(b), "+d"(c)                                  \
                   :                                                                          \
                   : "rcx", "r8", "r9", "r10", "r11", "memory", "cc")

static __attribute__((unused, noinline)) long OldTime(void* to) {
  long result, b = 0, c = 0;
  CALL("0xffffffffff600400", result, to, b, c);
  return result;
}
static __attribute__((unused, noinline)) int OldGettimeofday(void* time, void* zone) {
  long result, c = 0;
  CALL("0xffffffffff600000", result, time, zone, c);
  return (int)result;
}
static __attribute__((unused, noinline)) int OldGetcpu(void* cpu, void* node, void* cache) {
  long result;
  CALL("0xffffffffff600800", result, cpu, node, cache);
  return (int)result;
}

// One of each; they leave nothing behind but the time.
static void CallVsyscalls(void) {
  struct timespec now;
  struct timeval old = {0, -1};
  long to = 0;
  unsigned cpu = ~0u, node = ~0u;
  CHECK_EQ(clock_gettime(CLOCK_REALTIME, &now), 0);
  long seconds = OldTime(&to);
  CHECK_EQ(to, seconds);
  CHECK(seconds >= now.tv_sec - 1 && seconds <= now.tv_sec + 20);
  CHECK(OldTime(0) >= seconds);
  CHECK_EQ(OldGettimeofday(&old, 0), 0);
  CHECK(old.tv_sec >= now.tv_sec && old.tv_sec <= now.tv_sec + 20);
  CHECK(old.tv_usec >= 0 && old.tv_usec < 1000000);
  CHECK_EQ(OldGetcpu(&cpu, &node, 0), 0);
  CHECK(cpu < 4096 && node < 1024);
}

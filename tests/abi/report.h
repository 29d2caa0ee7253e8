// A program that runs itself once more to say what it inherited: "PROGRAM report" prints mask,
// ignored signals, name.
#pragma once

#include "planned.h"

extern char** environ;
enum { kSignals = 64 };

struct Inherited {
  uint64_t mask, ignored, pending;
  int caught, descriptors;
  int altstack_flags;
};

static struct Inherited Inherit(void) {
  struct Inherited now = {.mask = Mask(), .descriptors = CountDescriptors()};
  for (int sig = 1; sig <= kSignals; ++sig) {
    struct {
      void (*handler)(int);
      unsigned long flags, restorer, mask;
    } action;
    CHECK_EQ(syscall(SYS_rt_sigaction, sig, 0, &action, kMaskBytes), 0);
    if (Bit(sig) & LibcSignals()) continue;
    if (action.handler == SIG_IGN) now.ignored |= Bit(sig);
    if (action.handler != SIG_IGN && action.handler != SIG_DFL) ++now.caught;
  }
  stack_t stack;
  CHECK_EQ(syscall(SYS_sigaltstack, 0, &stack), 0);
  now.altstack_flags = stack.ss_flags;
  CHECK_EQ(syscall(SYS_rt_sigpending, &now.pending, kMaskBytes), 0);
  return now;
}

// main() of the second run: fd 1 is a pipe.
static int Report(void) {
  Watchdog(10);
  struct Inherited now = Inherit();
  MakePlannedCalls();
  CHECK_EQ(write(1, &now, sizeof(now)), sizeof(now));
  return kPassed;
}

static struct Inherited ReadReport(int fd) {
  struct Inherited report;
  char* at = (char*)&report;
  size_t size = 0;
  ssize_t part;
  while (size < sizeof(report) && (part = read(fd, at + size, sizeof(report) - size)) > 0) {
    size += part;
  }
  if (size < sizeof(report)) dprintf(1, "the second run said: %.*s\n", (int)size, at);
  CHECK_EQ(size, sizeof(report));
  return report;
}

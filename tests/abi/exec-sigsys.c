// limit: until exec carries abishim over, an ignored SIGSEGV or SIGBUS and SIGSYS are lost

// SIGSYS, SIGSEGV and SIGBUS blocked or ignored when a program is executed: the new one reads it
// back, and is not hurt.
#include "report.h"

static void Try(char** argv, uint64_t mask, uint64_t ignored) {
  int pipe[2];
  char* const next[] = {argv[0], "report", 0};
  CHECK_EQ(pipe2(pipe, O_CLOEXEC), 0);
  pid_t pid = Fork();
  if (pid == 0) {
    for (int sig = 1; sig <= kSignals; ++sig) {
      if (ignored & Bit(sig)) signal(sig, SIG_IGN);
    }
    SetMask(mask);
    MakePlannedCalls();
    dup2(pipe[1], 1);
    execv(argv[0], next);
    _exit(1);
  }
  close(pipe[1]);
  struct Inherited report = ReadReport(pipe[0]);
  close(pipe[0]);
  CHECK_EQ(StatusOf(pid), 0);
  check_context = "mask";
  CHECK_EQ(report.mask, Blockable(mask));
  check_context = "ignored";
  CHECK_EQ(report.ignored & ~Inherit().ignored, ignored);
}

int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "report") == 0) return Report();
  Watchdog(20);
  const uint64_t faults = Bit(SIGSEGV) | Bit(SIGBUS);
  for (int i = 0; i < 5; ++i) {
    Try(argv, faults, 0), Try(argv, 0, faults), Try(argv, faults, faults);
    Try(argv, Bit(SIGSYS), 0), Try(argv, 0, Bit(SIGSYS)), Try(argv, Bit(SIGSYS), Bit(SIGSYS));
    Try(argv, ~0UL, Bit(SIGSYS) | Bit(SIGHUP));
  }
  return Done();
}

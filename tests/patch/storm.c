// with: sites.S
// Another process sends signals that abishim handles itself, SIGSEGV and SIGBUS, while patched
// sites are gone through: the program's handler gets them all in time, no call goes wrong, and none
// of them stays blocked.
#include "../abi/check.h"
#include "sites.h"

static volatile long seen[65];
static void OnSignal(int sig, siginfo_t* info, void* context) {
  (void)context;
  CHECK_EQ(info->si_code, SI_USER);
  ++seen[sig];
}

static const int kSignals[] = {SIGSEGV, SIGBUS, SIGUSR1};
enum { kHowMany = sizeof(kSignals) / sizeof(kSignals[0]) };

static pid_t Sender(double seconds) {
  const pid_t pid = fork();
  if (pid != 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const double end = Now() + seconds;
  for (int i = 0; Now() < end; ++i) {
    kill(getppid(), kSignals[i % kHowMany]);
    for (volatile int wait = 0; wait < 3000; ++wait) continue;
  }
  _exit(0);
}

int main(int argc, char** argv) {
  const double seconds = argc > 2 ? atof(argv[2]) : 3;
  Watchdog((int)seconds + 60);
  enum { kSites = 20 };
  for (int round = 0; round < 200; ++round) {
    for (int i = 0; i < kSites; ++i) CHECK(Try(&sites[i], 0) == 0);
  }
  struct sigaction action = {.sa_sigaction = OnSignal, .sa_flags = SA_SIGINFO};
  for (int i = 0; i < kHowMany; ++i) CHECK_EQ(sigaction(kSignals[i], &action, 0), 0);
  const pid_t sender = Sender(seconds);
  long calls = 0;
  for (int status = 0; waitpid(sender, &status, WNOHANG) == 0; ++calls) {
    const char* wrong = Try(&sites[calls % kSites], 0);
    check_context = wrong != 0 ? wrong : "";
    CHECK(wrong == 0);
    if (calls % 64 != 0) continue;
    sigset_t mask;
    CHECK_EQ(sigprocmask(SIG_BLOCK, 0, &mask), 0);
    for (int i = 0; i < kHowMany; ++i) CHECK_EQ(sigismember(&mask, kSignals[i]), 0);
  }
  // One at a time that comes when it is sent.
  for (int i = 0; i < kHowMany; ++i) {
    const long before = seen[kSignals[i]];
    CHECK(before > 0);
    CHECK_EQ(kill(getpid(), kSignals[i]), 0);
    CHECK_EQ(seen[kSignals[i]], before + 1);
  }
  printf("%ld calls, %ld + %ld + %ld signals\n", calls, seen[SIGSEGV], seen[SIGBUS], seen[SIGUSR1]);
  fflush(stdout);
  return Done();
}

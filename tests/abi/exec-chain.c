// Runs itself 16 times in a row, by each kind of exec, from any thread: masks, ignored and pending
// signals go along.
#include "report.h"

static void OnSignal(int sig) { (void)sig; }

static char** arguments;
static int left;
static void Exec(void) {
  char number[16];
  snprintf(number, sizeof(number), "%d", left - 1);
  char* const next[] = {arguments[0], "chain", number, 0};
  int fd;
  MakePlannedCalls();
  CHECK_ERRNO(execve("/no/such/program", next, environ), ENOENT);
  CHECK_ERRNO(execve("/", next, environ), EACCES);
  MakePlannedCalls();
  switch (left % 4) {
    case 0:
      execv(arguments[0], next);
      break;
    case 1:
      execve("/proc/self/exe", next, environ);
      break;
    case 2:
      fd = open(arguments[0], O_RDONLY | O_CLOEXEC);
      syscall(SYS_execveat, fd, "", next, environ, kAtEmptyPath);
      break;
    case 3:
      syscall(SYS_execveat, AT_FDCWD, arguments[0], next, environ, 0);
      break;
  }
  CHECK(!"executed");
}
static void* ExecInThread(void* unused) {
  Exec();
  return unused;
}

// Blocked: one after the other. Ignored: SIGHUP, SIGCHLD, SIGPIPE and a realtime signal. Pending:
// SIGUSR1.
static uint64_t Blocked(int number) {
  const uint64_t masks[] = {Bit(SIGUSR1) | Bit(SIGTERM), ~(LibcSignals() | Bit(SIGSYS)),
                            Bit(SIGUSR1) | Bit(SIGRTMAX - 1)};
  return Blockable(masks[number % 3]);
}
static const int ignored[] = {SIGHUP, SIGCHLD, SIGPIPE, 50};

int main(int argc, char** argv) {
  Watchdog(20);
  arguments = argv;
  left = argc > 2 ? atoi(argv[2]) : 16;
  struct Inherited inherited = Inherit();
  if (argc > 2) {
    char name[16];
    CHECK_EQ(inherited.mask, Blocked(left + 1));
    CHECK_EQ(inherited.pending, Bit(SIGUSR1));
    for (int i = 0; i < 4; ++i) CHECK(inherited.ignored & Bit(ignored[i]));
    CHECK(!(inherited.ignored & (Bit(SIGSYS) | Bit(SIGSEGV))));
    CHECK_EQ(inherited.caught, 0);
    CHECK_EQ(inherited.altstack_flags, SS_DISABLE);
    CHECK_EQ(inherited.descriptors, atoi(getenv("DESCRIPTORS")));
    CHECK_EQ(prctl(PR_GET_NAME, name), 0);
    if (left % 4 == 3)
      CHECK(strncmp(name, strrchr(argv[0], '/') + 1, 15) == 0);  // by execv of its path
    CHECK_EQ(prctl(PR_GET_DUMPABLE), 1);
  } else {
    char count[16];
    CHECK_EQ(CloseRange(3, ~0U), 0);
    snprintf(count, sizeof(count), "%d", CountDescriptors());
    CHECK_EQ(setenv("DESCRIPTORS", count, 1), 0);
    for (int i = 0; i < 4; ++i) signal(ignored[i], SIG_IGN);
  }
  MakePlannedCalls();
  if (left == 0) return Done();
  static char space[64 << 10];
  const stack_t stack = {.ss_sp = space, .ss_size = sizeof(space)};
  CHECK_EQ(sigaltstack(&stack, 0), 0);
  const int caught[] = {SIGUSR2, SIGSEGV, SIGSYS, SIGBUS};
  for (int i = 0; i < 4; ++i) signal(caught[i], OnSignal);
  SetMask(Blocked(left));
  if (left == 16) kill(getpid(), SIGUSR1);
  if (left % 3 == 0) {
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, 0, ExecInThread, 0), 0);
    pthread_join(thread, 0);
  }
  Exec();
  return kFailed;
}

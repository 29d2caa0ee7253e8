// What an exec hands on: masks, ignored and pending signals (SIGTRAP, too), POSIX locks; and what it
// closes at once.
#include "exec.h"

static char out[1024];
static char* const args[] = {"target", "status", 0};

static void WithMask(void* mask) {
  SetMask(*(uint64_t*)mask);
  execve(PathOf("target-static"), args, environ);
}

// The second run of this program: SIGTRAP is as it was.
static int Second(const char* blocked, const char* ignored) {
  struct sigaction action;
  sigset_t pending;
  CHECK_EQ((Mask() & Bit(SIGTRAP)) != 0, atoi(blocked));
  CHECK_EQ(sigaction(SIGTRAP, 0, &action), 0);
  CHECK_EQ(action.sa_handler == SIG_IGN, atoi(ignored));
  CHECK_EQ(sigpending(&pending), 0);
  CHECK_EQ(Bits(&pending), Bit(SIGUSR1));
  MakePlannedCalls();
  return kPassed;
}
static void Sigtrap(char** argv, int blocked, int ignored) {
  pid_t pid = Fork();
  if (pid == 0) {
    char* const next[] = {argv[0], argv[1], "second", blocked ? "1" : "0", ignored ? "1" : "0", 0};
    signal(SIGTRAP, ignored ? SIG_IGN : SIG_DFL);
    SetMask(Bit(SIGUSR1) | Bit(SIGCHLD) | (blocked ? Bit(SIGTRAP) : 0));
    raise(SIGUSR1);
    execve(argv[0], next, environ);
    _exit(99);
  }
  CHECK_EQ(StatusOf(pid), 0);
}

// A SIGCHLD of a child of its own that is pending is still there, with that child's id.
static int Third(const char* child) {
  siginfo_t info;
  sigset_t only;
  const struct timespec at_once = {0, 0};
  sigemptyset(&only), sigaddset(&only, SIGCHLD);
  CHECK_EQ(sigtimedwait(&only, &info, &at_once), SIGCHLD);
  CHECK_EQ(info.si_pid, atoi(child));
  CHECK_EQ(waitpid(-1, 0, 0), atoi(child));
  return kPassed;
}
static void OwnChild(char** argv) {
  pid_t pid = Fork();
  if (pid == 0) {
    char number[16];
    siginfo_t info;
    SetMask(Bit(SIGCHLD));
    pid_t child = Fork();
    if (child == 0) _exit(0);
    CHECK_EQ(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    snprintf(number, sizeof(number), "%d", child);
    char* const next[] = {argv[0], argv[1], "third", number, 0};
    execve(argv[0], next, environ);
    _exit(99);
  }
  CHECK_EQ(StatusOf(pid), 0);
}

// A lock is kept over an exec, and a pipe with close-on-exec ends there, not later.
static void LocksAndPipes(void) {
  char name[] = "/tmp/abishim-exec-XXXXXX";
  int ends[2], file = mkstemp(name);
  char byte;
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
  unlink(name);
  CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
  pid_t pid = Fork();
  if (pid == 0) {
    char* const sleeps[] = {"target", "sleep", 0};
    CHECK_EQ(fcntl(file, F_SETLK, &lock), 0);
    close(1), open("/dev/null", O_WRONLY);
    execve(PathOf("target-static"), sleeps, environ);
    _exit(99);
  }
  close(ends[1]);
  CHECK_EQ(read(ends[0], &byte, 1), 0);
  CHECK_EQ(waitpid(pid, 0, WNOHANG), 0);
  CHECK_EQ(fcntl(file, F_GETLK, &lock), 0);
  CHECK_EQ(lock.l_type, F_WRLCK);
  CHECK_EQ(lock.l_pid, pid);
  CHECK_EQ(StatusOf(pid), 0);
  close(ends[0]), close(file);
}

int main(int argc, char** argv) {
  if (argc > 2 && strcmp(argv[2], "second") == 0) return Second(argv[3], argv[4]);
  if (argc > 2 && strcmp(argv[2], "third") == 0) return Third(argv[3]);
  Start(argc, argv, 60);
  const uint64_t masks[] = {0, Bit(SIGTERM) | Bit(60), ~(LibcSignals() | Bit(SIGSYS)), Bit(SIGSYS)};
  for (int i = 0; i < 4; ++i) {
    char should[128];
    snprintf(should, sizeof(should), "mask %lx dumpable 1 death 9 uid %d euid %d\n",
             Blockable(masks[i]), getuid(), geteuid());
    CHECK_EQ(Capture(WithMask, (void*)&masks[i], out, sizeof(out)), 0);
    if (strncmp(out, should, strlen(should)) != 0) dprintf(1, "%s", out);
    CHECK(strncmp(out, should, strlen(should)) == 0);
  }
  for (int i = 0; i < 4; ++i) Sigtrap(argv, i & 1, i >> 1);
  OwnChild(argv);
  LocksAndPipes();
  CheckNoChildren();
  return Done();
}

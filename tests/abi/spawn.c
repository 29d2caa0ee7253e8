// posix_spawn: file actions, mask, default signals, errors; what the child inherits, and that the
// parent keeps its own.
#include <spawn.h>

#include "report.h"

static const char* self;
static char* const arguments[] = {"spawn", "report", 0};

static void SpawnAndCompare(uint64_t parent_mask, int set_mask, uint64_t child_mask,
                            int set_default, uint64_t ignored_left) {
  int pipe[2];
  pid_t pid;
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t mask, defaults;
  CHECK_EQ(pipe2(pipe, O_CLOEXEC), 0);
  CHECK_EQ(posix_spawn_file_actions_init(&actions), 0);
  CHECK_EQ(posix_spawn_file_actions_adddup2(&actions, pipe[1], 1), 0);
  CHECK_EQ(posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0), 0);
  CHECK_EQ(posix_spawn_file_actions_addclose(&actions, 2), 0);
  CHECK_EQ(posix_spawnattr_init(&attributes), 0);
  sigemptyset(&mask), sigemptyset(&defaults);
  memcpy(&mask, &child_mask, sizeof(child_mask));
  sigaddset(&defaults, SIGHUP), sigaddset(&defaults, SIGCHLD);
  CHECK_EQ(posix_spawnattr_setsigmask(&attributes, &mask), 0);
  CHECK_EQ(posix_spawnattr_setsigdefault(&attributes, &defaults), 0);
  CHECK_EQ(posix_spawnattr_setflags(&attributes, (set_mask ? POSIX_SPAWN_SETSIGMASK : 0) |
                                                     (set_default ? POSIX_SPAWN_SETSIGDEF : 0)),
           0);
  SetMask(parent_mask);
  CHECK_EQ(posix_spawn(&pid, self, &actions, &attributes, arguments, environ), 0);
  close(pipe[1]);
  struct Inherited report = ReadReport(pipe[0]);
  CHECK_EQ(StatusOf(pid), 0);
  CHECK_EQ(report.mask, set_mask ? child_mask : Blockable(parent_mask));
  CHECK_EQ(report.ignored, ignored_left);
  CHECK_EQ(report.caught, 0);
  CHECK_EQ(report.descriptors, 2);
  CHECK_EQ(report.altstack_flags, SS_DISABLE);
  CHECK_EQ(Mask(), Blockable(parent_mask));
  close(pipe[0]);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  MakePlannedCalls();
}

static void Fails(const char* path, const char* file, int flags, int error) {
  pid_t pid = -7;
  posix_spawn_file_actions_t actions;
  CHECK_EQ(posix_spawn_file_actions_init(&actions), 0);
  if (file) CHECK_EQ(posix_spawn_file_actions_addopen(&actions, 5, file, flags, 0), 0);
  CHECK_EQ(posix_spawn(&pid, path, &actions, 0, arguments, environ), error);
  posix_spawn_file_actions_destroy(&actions);
  CHECK_ERRNO(waitpid(-1, 0, WNOHANG), ECHILD);
  MakePlannedCalls();
}

static void OnSignal(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)info, (void)context;
}

int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "report") == 0) return Report();
  Watchdog(20);
  self = argv[0];
  CHECK_EQ(CloseRange(3, ~0U), 0);
  int descriptors = CountDescriptors();
  const uint64_t some = Bit(SIGUSR1) | Bit(SIGTERM) | Bit(SIGRTMAX),
                 ignored = Bit(SIGHUP) | Bit(SIGPIPE);
  struct Inherited before = Inherit();
  CHECK_EQ(before.mask, 0);
  signal(SIGHUP, SIG_IGN), signal(SIGPIPE, SIG_IGN);
  Handle(SIGUSR1, OnSignal, SA_RESTART), Handle(SIGSEGV, OnSignal, SA_RESTART);
  for (int i = 0; i < 15; ++i) {
    SpawnAndCompare(0, 0, 0, 0, before.ignored | ignored);
    SpawnAndCompare(some, 0, 0, 0, before.ignored | ignored);
    SpawnAndCompare(some, 1, Bit(SIGUSR2), 1, before.ignored | Bit(SIGPIPE));
    SpawnAndCompare(~LibcSignals(), 1, 0, 0, before.ignored | ignored);
    Fails("/no/such/program", 0, 0, ENOENT);
    Fails("/", 0, 0, EACCES);
    Fails("/etc/passwd", 0, 0, EACCES);
    Fails(self, "/no/such/file", O_RDONLY, ENOENT);
  }
  struct sigaction kept;
  CHECK_EQ(sigaction(SIGSEGV, 0, &kept), 0);
  CHECK(kept.sa_sigaction == OnSignal && kept.sa_flags & SA_RESTART);
  CHECK_EQ(CountDescriptors(), descriptors);
  return Done();
}

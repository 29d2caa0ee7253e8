// What planned calls must leave alone: name, dumpable, tracer, no_new_privs of children, timers,
// umask, directory, locks.
#include <sys/time.h>

#include "report.h"

static void Vfork(char** argv, int dumpable) {
  CHECK_EQ(prctl(PR_SET_DUMPABLE, dumpable), 0);
  char* const next[] = {argv[0], "report", 0};
  int pipe[2];
  CHECK_EQ(pipe2(pipe, O_CLOEXEC), 0);
  pid_t pid = vfork();
  if (pid == 0) {
    MakePlannedCalls();
    if (dup2(pipe[1], 1) == 1) execv(argv[0], next);
    _exit(1);
  }
  close(pipe[1]);
  ReadReport(pipe[0]);
  CHECK_EQ(StatusOf(pid), 0);
  CHECK_EQ(prctl(PR_GET_DUMPABLE), dumpable);
  MakePlannedCalls();
  CHECK_EQ(prctl(PR_GET_DUMPABLE), dumpable);
  close(pipe[0]);
}

static void Locks(void) {
  char path[] = "/tmp/abi.XXXXXX";
  int fd = mkstemp(path);
  CHECK(fd >= 0);
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  struct StatxResult result;
  const struct OpenHow how = {.flags = O_PATH | O_CLOEXEC, .resolve = kResolveNoSymlinks};
  CHECK_EQ(fcntl(fd, F_SETLK, &lock), 0);
  CHECK_EQ(Statx(AT_FDCWD, path, 0, &result), 0);
  CHECK_EQ(Statx(fd, "", kAtEmptyPath, &result), 0);
  CHECK_EQ(Faccessat2(AT_FDCWD, path, R_OK, kAtEaccess), 0);
  CHECK_EQ(Faccessat2(fd, "", W_OK, kAtEmptyPath), 0);
  CHECK_EQ(Faccessat2(AT_FDCWD, path, R_OK, AT_SYMLINK_NOFOLLOW), 0);
  long other = Openat2(AT_FDCWD, path, &how);
  CHECK(other >= 0 && CloseRange(other, other) == 0);
  pid_t pid = Fork();
  if (pid == 0) _exit(fcntl(fd, F_GETLK, &lock) || lock.l_type != F_WRLCK);
  CHECK_EQ(StatusOf(pid), 0);
  CHECK(unlink(path) == 0 && close(fd) == 0);
}

// The lowest free number is what a call returns.
static void LowestDescriptor(void) {
  const struct OpenHow how = {.flags = O_RDONLY | O_DIRECTORY},
                       walk = {.flags = O_RDONLY, .resolve = kResolveNoMagicLinks};
  const int keep = fcntl(0, F_DUPFD_CLOEXEC, 100);
  for (int i = 0; i < 5; ++i) {
    close(0);
    CHECK_EQ(MemfdCreate("low"), 0);
    CHECK_EQ(close(0), 0);
    CHECK_EQ(Openat2(AT_FDCWD, "/", &how), 0);
    CHECK_EQ(close(0), 0);
    CHECK_EQ(Openat2(AT_FDCWD, "/dev/null", &walk), 0);
    CHECK_EQ(close(0), 0);
    MakePlannedCalls();
  }
  if (keep >= 0) dup2(keep, 0), close(keep);
}

int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "report") == 0) return Report();
  Watchdog(20);
  char name[16] = "", directory[4096], later[4096];
  const struct itimerval in_an_hour = {.it_value = {3600, 0}};
  struct itimerval left;
  const int privileges = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
  CHECK(getcwd(directory, sizeof(directory)));
  umask(027);
  CHECK_EQ(prctl(PR_SET_NAME, "renamed"), 0);
  CHECK_EQ(setitimer(ITIMER_REAL, &in_an_hour, 0), 0);
  Vfork(argv, 0), Vfork(argv, 1);
  for (int i = 0; i < 20; ++i) MakePlannedCalls(), Locks();
  LowestDescriptor();
  CHECK(prctl(PR_GET_NAME, name) == 0 && strcmp(name, "renamed") == 0);
  CHECK(getitimer(ITIMER_REAL, &left) == 0 && left.it_value.tv_sec > 3500 &&
        left.it_interval.tv_sec == 0);
  CHECK_EQ(umask(022), 027);
  CHECK(getcwd(later, sizeof(later)) && strcmp(directory, later) == 0);
  CHECK_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), privileges);
  CHECK_ERRNO(waitpid(-1, 0, WNOHANG), ECHILD);  // nothing left to reap
  return Done();
}

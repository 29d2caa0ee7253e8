// posix_spawnp with a PATH of 3 KiB: the child of libc has only a few KiB of stack while it
// searches.
#include <spawn.h>

#include "report.h"

static char* const arguments[] = {"spawnp-long-path", "report", 0};

int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "report") == 0) return Report();
  Watchdog(20);
  CHECK(argv[0][0] == '/');
  char path[8192] = "", *slash = strrchr(argv[0], '/');
  while (strlen(path) < 3072) strcat(path, "/no/such/folder/anywhere:");
  strcat(path, "/etc:");
  strncat(path, argv[0], slash - argv[0]);
  CHECK_EQ(setenv("PATH", path, 1), 0);
  int descriptors = CountDescriptors();
  for (int i = 0; i < 20; ++i) {
    int pipe[2];
    pid_t pid = -7;
    posix_spawn_file_actions_t actions;
    CHECK_EQ(posix_spawnp(&pid, "no-such-program", 0, 0, arguments, environ), ENOENT);
    CHECK_ERRNO(waitpid(-1, 0, WNOHANG), ECHILD);
    CHECK_EQ(posix_spawnp(&pid, "passwd-", 0, 0, arguments, environ),
             access("/etc/passwd-", F_OK) ? ENOENT : EACCES);
    CHECK_EQ(pipe2(pipe, O_CLOEXEC), 0);
    CHECK_EQ(posix_spawn_file_actions_init(&actions), 0);
    CHECK_EQ(posix_spawn_file_actions_adddup2(&actions, pipe[1], 1), 0);
    CHECK_EQ(posix_spawnp(&pid, slash + 1, &actions, 0, arguments, environ), 0);
    close(pipe[1]);
    ReadReport(pipe[0]);
    CHECK_EQ(StatusOf(pid), 0);
    close(pipe[0]);
    posix_spawn_file_actions_destroy(&actions);
    MakePlannedCalls();
  }
  CHECK_EQ(CountDescriptors(), descriptors);
  return Done();
}

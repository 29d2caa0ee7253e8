// spawn_each FILE...: executes each of them with the argument "x" and says how it ended: by which
// errno execve refused it, its exit status and what it printed, or by which signal it died. Gives
// up root first: what is executed may be made to do anything.
#include <fcntl.h>
#include <grp.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

int main(int argc, char** argv) {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  constexpr int kNobody = 65534;
  if (geteuid() == 0 && (setgroups(0, nullptr) != 0 || setresgid(kNobody, kNobody, kNobody) != 0 ||
                         setresuid(kNobody, kNobody, kNobody) != 0)) {
    return 1;
  }
  for (int i = 1; i < argc; ++i) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return 1;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    char name[] = "program", x[] = "x";
    char *arguments[] = {name, x, nullptr}, *environment[] = {nullptr};
    pid_t pid;
    const int error = posix_spawn(&pid, argv[i], &actions, nullptr, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    std::string printed;
    char buffer[4096];
    for (ssize_t got; error == 0 && (got = read(ends[0], buffer, sizeof buffer)) > 0;) {
      printed.append(buffer, got);
    }
    close(ends[0]);
    for (char& c : printed) c = c == '\n' ? '|' : c;
    int status = 0;
    if (error == 0) waitpid(pid, &status, 0);
    const char* file = strrchr(argv[i], '/') + 1;
    if (error != 0) {
      printf("%s refused %d\n", file, error);
    } else if (WIFSIGNALED(status)) {
      printf("%s killed %d\n", file, WTERMSIG(status));
    } else {
      printf("%s exit %d %s\n", file, WEXITSTATUS(status), printed.c_str());
    }
    fflush(stdout);
  }
}

// Every kind of program, with an empty environment and with ours, by execve from fork and vfork and
// by posix_spawn.
#include "exec.h"

static char out[4096];

static void Try(const char* path, char* const* argv, char* const* envp, const char* should) {
  const struct Call call = {path, argv, envp};
  check_context = path;
  int status = Capture(Execve, (void*)&call, out, sizeof(out));
  if (status != 0 || strcmp(out, should) != 0) dprintf(1, "%s: %s", path, out);
  CHECK_EQ(status, 0);
  CHECK(strcmp(out, should) == 0);
}

static void Vfork(void* argument) {
  const struct Call* call = argument;
  pid_t pid = vfork();
  if (pid == 0) {
    execve(call->path, call->argv, call->envp);
    _exit(98);
  }
  _exit(StatusOf(pid) == 0 ? 0 : 97);
}
static void Spawn(void* argument) {
  const struct Call* call = argument;
  pid_t pid;
  if (posix_spawn(&pid, call->path, 0, 0, call->argv, call->envp) != 0) _exit(98);
  _exit(StatusOf(pid) == 0 ? 0 : 97);
}

int main(int argc, char** argv) {
  char* const nothing[] = {0};
  Start(argc, argv, 60);
  for (int i = 0; i < kLinkedWays; ++i) {
    const char* path = PathOf(kLinked[i]);
    char* const args[] = {(char*)path, "one", "0", "two words", 0};
    char* const one[] = {"A=B", 0};
    Try(path, args, nothing, "target 4 one 0 two words env 0\n");
    Try(path, args, one, "target 4 one 0 two words env 1\n");
    const struct Call call = {path, args, one};
    void (*const ways[])(void*) = {Vfork, Spawn};
    for (int way = 0; way < 2; ++way) {
      check_context = path;
      CHECK_EQ(Capture(ways[way], (void*)&call, out, sizeof(out)), 0);
      CHECK(strcmp(out, "target 4 one 0 two words env 1\n") == 0);
    }
  }
  char* const busybox[] = {"busybox", "sh", "-c", "echo $0 $#; busybox id -u >/dev/null && echo fine", 0};
  Try("/usr/bin/busybox", busybox, nothing, "sh 0\nfine\n");
  const char* go = PathOf("target-go");
  char* const with_children[] = {(char*)go, "children", 0};
  Try(go, with_children, nothing, "go 2 children\n");
  char* const registers[] = {"registers", 0};
  Try(PathOf("registers"), registers, nothing, "");
  CheckNoChildren();
  return Done();
}

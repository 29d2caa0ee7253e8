// An exec as the first process of a pid namespace, and in a root without /proc.
#include "exec.h"

#include <sched.h>

static char* const args[] = {"target", "bare", 0};

static void First(void* target) {
  pid_t pid = syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
  CHECK(pid >= 0);
  if (pid == 0) {
    CHECK_EQ(getpid(), 1);
    execve(target, args, environ);
    _exit(99);
  }
  _exit(StatusOf(pid) == 0 ? 0 : 98);
}
static void Chrooted(void* target) {
  CHECK_EQ(chroot(folder), 0);
  CHECK_EQ(chdir("/"), 0);
  execve(strrchr(target, '/'), args, environ);
}
int main(int argc, char** argv) {
  Start(argc, argv, 60);
  if (geteuid() != 0) {
    dprintf(1, "root only\n");
    return kNotHere;
  }
  CheckPrints(First, PathOf("target-static"), "target 2 bare env ");
  CheckPrints(First, PathOf("target-pie"), "target 2 bare env ");
  const char* const alone[] = {"target-static", "target-static-pie", "target-musl-static"};
  for (int i = 0; i < 3; ++i) CheckPrints(Chrooted, PathOf(alone[i]), "target 2 bare env ");
  CheckNoChildren();
  return Done();
}

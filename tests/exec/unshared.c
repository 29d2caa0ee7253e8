// An exec after unshare(CLONE_NEWPID) without a fork: the program's own first child is to be the
// first process of the namespace, and no helper before it. Only the loader can do that.
// ways: any loader
#include "exec.h"

#include <sched.h>

static char* const args[] = {"target", "bare", 0};

static void Unshared(void* unused) {
  (void)unused;
  CHECK_EQ(unshare(CLONE_NEWPID), 0);
  char* const shell[] = {"sh", "-c", "sh -c 'echo first $$'; true", 0};
  execve("/bin/sh", shell, environ);
}
static void WithoutProc(void* target) {
  CHECK_EQ(chroot(folder), 0);
  CHECK_EQ(chdir("/"), 0);
  CHECK_EQ(unshare(CLONE_NEWPID), 0);
  execve(strrchr(target, '/'), args, environ);
}
int main(int argc, char** argv) {
  Start(argc, argv, 60);
  if (geteuid() != 0) {
    dprintf(1, "root only\n");
    return kNotHere;
  }
  CheckPrints(Unshared, "/bin/sh", "first 1\n");
  CheckPrints(WithoutProc, PathOf("target-static"), "target 2 bare env ");
  CheckNoChildren();
  return Done();
}

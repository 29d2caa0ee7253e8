// An exec after unshare(CLONE_NEWPID) without a fork: the program's own first child is to be the
// first process of the namespace, and no helper before it. Only the loader can do that.
// ways: any loader
#include "exec.h"

#include <sched.h>

static char out[1024];
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
static void Try(void (*child)(void*), const char* target, const char* should) {
  check_context = target;
  int status = Capture(child, (void*)target, out, sizeof(out));
  if (status != 0 || strncmp(out, should, strlen(should)) != 0) dprintf(1, "%s: %s\n", target, out);
  CHECK_EQ(status, 0);
  CHECK(strncmp(out, should, strlen(should)) == 0);
}

int main(int argc, char** argv) {
  Start(argc, argv, 60);
  if (geteuid() != 0) {
    dprintf(1, "root only\n");
    return kNotHere;
  }
  Try(Unshared, "/bin/sh", "first 1\n");
  Try(WithoutProc, PathOf("target-static"), "target 2 bare env ");
  CheckNoChildren();
  return Done();
}

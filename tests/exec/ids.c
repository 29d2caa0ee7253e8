// A process that dropped its ids is not dumpable when it executes; a vfork child of such a one must
// leave it so.
// ways: any loader
#include "exec.h"

#include <grp.h>

static char out[1024];
static char* const args[] = {"target", "status", 0};
enum { kNobody = 65534 };

static void Drop(void) {
  CHECK_EQ(setgroups(0, 0), 0);
  CHECK_EQ(setresgid(kNobody, kNobody, kNobody), 0);
  CHECK_EQ(setresuid(kNobody, kNobody, kNobody), 0);
  CHECK_EQ(prctl(PR_GET_DUMPABLE), 0);
}
static void DropAndExec(void* target) {
  Drop();
  execve(target, args, environ);
  dprintf(1, "errno %d\n", errno);
}
static void DropAndVfork(void* target) {
  Drop();
  pid_t pid = vfork();
  if (pid == 0) {
    execve(target, args, environ);
    _exit(99);
  }
  CHECK_EQ(prctl(PR_GET_DUMPABLE), 0);
  CHECK_EQ(StatusOf(pid), 0);
  CHECK_EQ(prctl(PR_GET_DUMPABLE), 0);
  CHECK_ERRNO(execve("/no/such/file", args, environ), ENOENT);
  CHECK_ERRNO(execve("/proc/self/status", args, environ), EACCES);
  CHECK_EQ(prctl(PR_GET_DUMPABLE), 0);
  _exit(0);
}
static void Try(void (*child)(void*), const char* target) {
  check_context = target;
  int status = Capture(child, (void*)target, out, sizeof(out));
  if (status != 0 || !strstr(out, "dumpable 1 death 0 uid 65534 euid 65534\n")) dprintf(1, "%s\n", out);
  CHECK_EQ(status, 0);
  CHECK(strstr(out, "uid 65534 euid 65534\n") != 0);
  CHECK(strstr(out, "dumpable 1 ") != 0);
}

int main(int argc, char** argv) {
  Start(argc, argv, 60);
  if (geteuid() != 0) {
    dprintf(1, "root only\n");
    return kNotHere;
  }
  for (int i = 0; i < kLinkedWays; ++i) {
    Try(DropAndExec, PathOf(kLinked[i]));
    Try(DropAndVfork, PathOf(kLinked[i]));
  }
  CheckNoChildren();
  return Done();
}

// A program that its user may execute and not read.
// ways: carry loader
// limit: a program that its user cannot read is not executed: EACCES
#include "exec.h"

#include <grp.h>

static char out[1024];
static char* const args[] = {"target", "x", 0};
enum { kNobody = 65534 };

static void DropAndExec(void* target) {
  CHECK_EQ(setgroups(0, 0), 0);
  CHECK_EQ(setresgid(kNobody, kNobody, kNobody), 0);
  CHECK_EQ(setresuid(kNobody, kNobody, kNobody), 0);
  execve(target, args, environ);
  CHECK_EQ(errno, EACCES);
  dprintf(1, "refused\n");
  _exit(0);
}

int main(int argc, char** argv) {
  Start(argc, argv, 20);
  if (geteuid() != 0) {
    dprintf(1, "root only\n");
    return kNotHere;
  }
  // The folder is not the reason.
  CHECK_EQ(Capture(DropAndExec, (void*)PathOf("target-static"), out, sizeof(out)), 0);
  if (strncmp(out, "target 2 x", 10) != 0) {
    dprintf(1, "%s: %s", PathOf("target-static"), out);
    return 2;
  }
  CHECK_EQ(Capture(DropAndExec, (void*)PathOf("unreadable"), out, sizeof(out)), 0);
  CHECK(strncmp(out, "target 2 x", 10) == 0);
  return Done();
}

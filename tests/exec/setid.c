// A set-user-id program of root's, executed by somebody else: what it gains natively it gains, and without it with
// NO_NEW_PRIVS. With what it gains it goes alone: the stated limit is that its calls are not translated.
#include <grp.h>
#include <stdlib.h>

#include "exec.h"

enum { kNobody = 65534 };

static void Drop(void) {
  CHECK_EQ(setgroups(0, 0), 0);
  CHECK_EQ(setresgid(kNobody, kNobody, kNobody), 0);
  CHECK_EQ(setresuid(kNobody, kNobody, kNobody), 0);
}
static void Gains(void* target) {
  Drop();
  char* const args[] = {"rights", 0};
  execve(target, args, environ);
}
static void GainsNothing(void* target) {
  CHECK_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  Gains(target);
}

// Root's own: nothing is gained, so nothing is left behind.
static void AsRoot(void* target) {
  char* const args[] = {"target", "x", 0};
  execve(target, args, environ);
}

int main(int argc, char** argv) {
  Start(argc, argv, 20);
  if (geteuid() != 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 0) {
    dprintf(1, "root without NO_NEW_PRIVS only\n");
    return kNotHere;
  }
  CheckPrints(Gains, PathOf("rights"), "uid other\n");
  CheckPrints(Gains, PathOf("rights-of-root"), "uid 0\n");
  CheckPrints(GainsNothing, PathOf("rights-of-root"), "uid other\n");
  CheckPrints(GainsNothing, PathOf("target-static"), "target");
  char mine[] = "/tmp/abishim-setid-XXXXXX", command[9000];
  close(mkstemp(mine));
  snprintf(command, sizeof(command), "cp %s %s && chmod 4755 %s", PathOf("target-static"), mine, mine);
  CHECK_EQ(system(command), 0);
  CheckPrints(AsRoot, mine, "target");
  unlink(mine);
  CheckNoChildren();
  return Done();
}

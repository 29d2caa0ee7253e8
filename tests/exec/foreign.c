// Programs that the image cannot be carried into, and a process that may not make code.
#include "exec.h"

#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65  // Linux 6.3
#endif

static char out[1024];
static char* const args[] = {"target", 0};
static void Mdwe(void* target) {
  CHECK_EQ(prctl(PR_SET_MDWE, 1, 0, 0, 0), 0);
  char* const status[] = {"target", "status", 0};
  execve(target, status, environ);
  dprintf(1, "errno %d\n", errno);
}
static const char* Said(void (*child)(void*), const void* argument) {
  int status = Capture(child, (void*)argument, out, sizeof(out));
  if (status != 0) dprintf(1, "status %#x: %s\n", status, out);
  CHECK_EQ(status, 0);
  return out;
}

int main(int argc, char** argv) {
  Start(argc, argv, 60);
  const struct Call i386 = {PathOf("i386"), args, environ};
  CHECK(strcmp(Said(Execve, &i386), "i386\n") == 0);
  // What such a one executes has the filter of this process tree, if there is one, and no image: it runs until
  // its first call that is trapped.
  char* const of_none[] = {"i386-exec", (char*)PathOf("rights"), 0};
  const struct Call untranslated = {PathOf("i386-exec"), of_none, environ};
  CHECK(strncmp(Said(Execve, &untranslated), "uid ", 4) == 0);
  char* const of_64[] = {"i386-exec", (char*)PathOf("target-static"), "trapped", 0};
  const struct Call back = {PathOf("i386-exec"), of_64, environ};
  int ended = Capture(Execve, (void*)&back, out, sizeof(out));
  if (getenv("ABISHIM_EXEC")) {
    CHECK(WIFSIGNALED(ended) && WTERMSIG(ended) == SIGSYS);
  } else {
    CHECK_EQ(ended, 0);
  }
  // ENOEXEC where the shim is, before the old program is gone; without it, it runs.
  const struct Call collides = {PathOf("collides"), args, environ};
  const char* answer = 0;
  int status = Capture(Execve, (void*)&collides, out, sizeof(out));
  answer = out;
  if (getenv("ABISHIM_EXEC")) {
    CHECK(strcmp(answer, "execve: errno 8\n") == 0);
  } else {
    CHECK_EQ(status, 0);
  }
  const int has_mdwe = prctl(66 /* PR_GET_MDWE */, 0, 0, 0, 0) >= 0;
  for (int i = 0; has_mdwe && i < kLinkedWays; ++i) {
    check_context = kLinked[i];
    CHECK(strstr(Said(Mdwe, PathOf(kLinked[i])), "target 2 status") != 0);
  }
  CheckNoChildren();
  return Done();
}

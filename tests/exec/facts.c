// How a program finds itself started, for each way to link: targets/facts.c looks, this starts it.
#include "exec.h"

static char out[4096];

static void Start1(const char* path, const char* real, const char* comm) {
  char* const args[] = {"zeroth", (char*)path, (char*)comm, "a", "", (char*)real, 0};
  char* const environment[] = {"ONE=1", "TWO=", 0};
  const struct Call call = {path, args, environment};
  int status = Capture(Execve, (void*)&call, out, sizeof(out));
  check_context = path;
  if (status != 0) dprintf(1, "%s", out);
  CHECK_EQ(status, 0);
  CHECK(strcmp(out, "facts\n") == 0);
}

int main(int argc, char** argv) {
  Start(argc, argv, 60);
  CHECK_EQ(CloseRange(3, ~0U), 0);
  for (int i = 0; i < kLinkedWays; ++i) {
    char name[64], real[4096], long_way[4200];
    snprintf(name, sizeof(name), "facts%s", kLinked[i] + strlen("target"));
    CHECK(realpath(PathOf(name), real) != 0);
    char comm[16];
    snprintf(comm, sizeof(comm), "%.15s", name);
    Start1(PathOf(name), real, comm);
    CHECK_EQ(chdir(folder), 0);
    snprintf(long_way, sizeof(long_way), "./.././%s/%s", strrchr(folder, '/') + 1, name);
    Start1(long_way, real, comm);
    Start1(name, real, comm);
  }
  return Done();
}

// No descriptor is left in the new program: the image's bytes come without one. (The loader needs two.)
// ways: carry
#include <sys/resource.h>

#include "exec.h"

static void WithoutDescriptors(void* target) {
  const struct rlimit three = {3, 3};
  char* const args[] = {"rights", 0};
  CHECK_EQ(setrlimit(RLIMIT_NOFILE, &three), 0);
  CHECK_ERRNO(dup(0), EMFILE);
  execve(target, args, environ);
}

int main(int argc, char** argv) {
  Start(argc, argv, 20);
  for (int i = 0; i < 20; ++i) CheckPrints(WithoutDescriptors, PathOf("rights"), "uid ");
  CheckNoChildren();
  return Done();
}

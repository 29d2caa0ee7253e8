// Many arguments and much environment, up to what the kernel takes; a script with as many; arrays that end before a
// bad page; none at all.
#include "exec.h"

#include <sys/resource.h>

static char out[1024];

static const char* Run(const char* path, char* const* argv, char* const* envp) {
  const struct Call call = {path, argv, envp};
  Capture(Execve, (void*)&call, out, sizeof(out));
  return out;
}

static char** Many(int count, const char* word) {
  char** list = calloc(count + 3, sizeof(char*));
  for (int i = 0; i < count; ++i) list[i] = (char*)word;
  return list;
}

// The errno for `bytes` in one variable and many arguments beside; 0: it runs.
static int Filled(size_t bytes) {
  static char value[100 << 10];
  char** list = Many((int)(bytes / sizeof(value)) + 2, value);
  size_t full = bytes / sizeof(value);
  char* const args[] = {"target", "1", 0};
  memset(value, 'v', sizeof(value) - 1);
  list[full] = value + sizeof(value) - 1 - bytes % sizeof(value);
  list[full + 1] = 0;
  const char* said = Run(PathOf("target-static"), args, list);
  free(list);
  return strncmp(said, "target 2", 8) == 0 ? 0 : atoi(strrchr(said, ' '));
}

int main(int argc, char** argv) {
  char script[] = "/tmp/abishim-exec-XXXXXX", text[1024], should[128];
  Start(argc, argv, 60);
  int fd = mkstemp(script);
  snprintf(text, sizeof(text), "#!%s 0\n", PathOf("target-static"));
  CHECK_EQ(write(fd, text, strlen(text)), strlen(text));
  CHECK_EQ(fchmod(fd, 0755), 0);
  close(fd);

  // The target prints its arguments, so a shell counts them.
  char counter[] = "/tmp/abishim-exec-XXXXXX";
  const char lines[] = "#!/bin/sh -e\necho $#\n";
  fd = mkstemp(counter);
  CHECK_EQ(write(fd, lines, strlen(lines)), strlen(lines));
  CHECK_EQ(fchmod(fd, 0755), 0);
  close(fd);
  const int quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);
  const int counts[] = {1, 2, 1000, 1600, 20000, 80000};
  for (int i = 0; i < 6; ++i) {
    char **many = Many(counts[i], "x"), **much = Many(counts[i], "A=1");
    snprintf(should, sizeof(should), "%d\n", counts[i] - 1);
    CHECK(strcmp(Run(counter, many, environ), should) == 0);
    pid_t pid = vfork();
    if (pid == 0) {
      dup2(quiet, 1);
      execve(counter, many, much);
      _exit(99);
    }
    CHECK_EQ(StatusOf(pid), 0);
  }
  char* const none[] = {0};
  CHECK(strncmp(Run(script, none, environ), "target 3 0 ", 11) == 0);
  CHECK(strncmp(Run(script, 0, environ), "target 3 0 ", 11) == 0);
  CHECK(strncmp(Run(PathOf("target-static"), 0, 0), "target 1 env 0", 14) == 0);

  // An array that ends where nothing is mapped, with and without its null.
  char* pages = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK_EQ(munmap(pages + 4096, 4096), 0);
  char** last = (char**)(pages + 4096) - 2;
  last[0] = "E=1";
  char* const args[] = {"target", "7", 0};
  CHECK(strncmp(Run(PathOf("target-static"), args, last), "target 2 7 env 1", 16) == 0);
  last[1] = "F=2";
  CHECK_ERRNO(execve(PathOf("target-static"), args, last), EFAULT);
  CHECK_ERRNO(execve(script, last, environ), EFAULT);

  // The limit is 2 MiB (a quarter of the stack's 8): what is a little below it runs, what is above does not. The loader
  // takes some hundred bytes of it.
  const struct rlimit stack = {8 << 20, RLIM_INFINITY};
  if (setrlimit(RLIMIT_STACK, &stack) == 0) {
    CHECK_EQ(Filled((2 << 20) - 6000), 0);
    CHECK_EQ(Filled((2 << 20) + 100), E2BIG);
  }
  unlink(script), unlink(counter);
  CheckNoChildren();
  return Done();
}

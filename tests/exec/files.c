// What is executed has no ordinary name: fexecve, a memfd, a deleted file, /proc/self/fd, #! lines.
#include "exec.h"

static char out[8192];
static char* const args[] = {"target", "one", 0};

static void Fexecve(void* fd) {
  fexecve(*(int*)fd, args, environ);
  dprintf(1, "fexecve: errno %d\n", errno);
}
static void ByName(void* fd) {
  char name[64];
  snprintf(name, sizeof(name), "/proc/self/fd/%d", *(int*)fd);
  execve(name, args, environ);
  dprintf(1, "%s: errno %d\n", name, errno);
}
static void Check(void (*child)(void*), void* argument, const char* should) {
  int status = Capture(child, argument, out, sizeof(out));
  if (status != 0 || strncmp(out, should, strlen(should)) != 0) dprintf(1, "said: %s", out);
  CHECK_EQ(status, 0);
  CHECK(strncmp(out, should, strlen(should)) == 0);
}

static void Write(const char* path, const char* text) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
  CHECK(fd >= 0);
  CHECK_EQ(write(fd, text, strlen(text)), strlen(text));
  close(fd);
}

static int Copy(const char* from, int to) {
  static char buffer[64 << 10];
  int fd = open(from, O_RDONLY | O_CLOEXEC);
  ssize_t part;
  CHECK(fd >= 0);
  while ((part = read(fd, buffer, sizeof(buffer))) > 0) CHECK_EQ(write(to, buffer, part), part);
  close(fd);
  return to;
}

static void Scripts(void) {
  char directory[] = "/tmp/abishim-exec-XXXXXX", first[64], second[64], text[1024];
  CHECK(mkdtemp(directory) != 0);
  snprintf(first, sizeof(first), "%s/first", directory);
  snprintf(second, sizeof(second), "%s/second", directory);
  snprintf(text, sizeof(text), "#! \t%s  an argument \nrest\n", PathOf("target-static"));
  Write(first, text);
  snprintf(text, sizeof(text), "#!%s\n", first);
  Write(second, text);
  struct Call call = {first, args, environ};
  snprintf(text, sizeof(text), "target 4 an argument %s one env ", first);
  Check(Execve, &call, text);
  call.path = second;
  snprintf(text, sizeof(text), "target 5 an argument %s %s one env ", first, second);
  Check(Execve, &call, text);
  unlink(first), unlink(second), rmdir(directory);
}

int main(int argc, char** argv) {
  Start(argc, argv, 60);
  for (int i = 0; i < kLinkedWays; ++i) {
    check_context = kLinked[i];
    int fd = open(PathOf(kLinked[i]), O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    Check(Fexecve, &fd, "target 2 one env ");
    Check(ByName, &fd, "target 2 one env ");
    close(fd);
  }
  check_context = "memfd";
  int memfd = Copy(PathOf("target-pie"), (int)MemfdCreate("target"));
  // (abishim's is a file like any other, and nobody executes what is open for writing.)
  char name_of_memfd[64];
  snprintf(name_of_memfd, sizeof(name_of_memfd), "/proc/self/fd/%d", memfd);
  int read_only = open(name_of_memfd, O_RDONLY | O_CLOEXEC);
  close(memfd);
  Check(Fexecve, &read_only, "target 2 one env ");
  close(read_only);
  check_context = "deleted";
  char name[] = "/tmp/abishim-exec-XXXXXX";
  int out_fd = Copy(PathOf("target-static"), mkstemp(name));
  CHECK_EQ(fchmod(out_fd, 0700), 0);
  close(out_fd);
  int deleted = open(name, O_RDONLY | O_CLOEXEC);
  unlink(name);
  Check(Fexecve, &deleted, "target 2 one env ");
  Scripts();
  CheckNoChildren();
  return Done();
}

// An exec that fails gives its errno and leaves nothing behind: no child, no memory, no descriptor.
#include "exec.h"

static char* const args[] = {"target", 0};
static void Fails(const char* path, char* const* argv, int error) {
  check_context = path;
  CHECK_ERRNO(execve(path, argv, environ), error);
  CheckNoChildren();
}

int main(int argc, char** argv) {
  char scratch[] = "/tmp/abishim-exec-XXXXXX", path[128], longest[5000];
  static char big[256 << 10];
  Start(argc, argv, 60);
  CHECK(mkdtemp(scratch) != 0);
  const char* const names[] = {"plain", "garbage", "lost", "busy", "loop"};
  const char* const texts[] = {"text", "\x7f" "ELFgarbage", "#!/no/such/interpreter\n", "#!/bin/sh\n", 0};
  int busy = -1;
  for (int i = 0; i < 4; ++i) {
    snprintf(path, sizeof(path), "%s/%s", scratch, names[i]);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, i == 0 ? 0644 : 0755);
    CHECK_EQ(write(fd, texts[i], strlen(texts[i])), strlen(texts[i]));
    if (i == 3) busy = fd; else close(fd);
  }
  CHECK_EQ(chdir(scratch), 0);
  CHECK_EQ(symlink("loop", "loop"), 0);
  memset(longest, 'x', sizeof(longest) - 1), longest[sizeof(longest) - 1] = 0;
  memset(big, 'y', sizeof(big) - 1);
  char* const too_long[] = {"target", big, 0};
  for (int round = 0, maps = 0, files = 0; round < (long_run ? 200 : 20); ++round) {
    Fails("/no/such/file", args, ENOENT);
    Fails("", args, ENOENT);
    Fails("plain/x", args, ENOTDIR);
    Fails("plain", args, EACCES);
    Fails("/", args, EACCES);
    Fails("/dev/null", args, EACCES);
    Fails("garbage", args, ENOEXEC);
    Fails("lost", args, ENOENT);
    Fails("busy", args, ETXTBSY);
    Fails("loop", args, ELOOP);
    Fails(longest, args, ENAMETOOLONG);
    Fails(PathOf("target-pie"), too_long, E2BIG);
    Fails((const char*)8, args, EFAULT);
    Fails(PathOf("target-pie"), (char* const*)8, EFAULT);
    CHECK_EQ(prctl(PR_GET_DUMPABLE), 1);
    // What the shim maps at its first steps it keeps.
    if (round == 4) maps = CountMaps(), files = CountDescriptors();
    if (round <= 4) continue;
    CHECK_EQ(CountMaps(), maps);
    CHECK_EQ(CountDescriptors(), files);
  }
  close(busy);
  for (int i = 0; i < 5; ++i) unlink(names[i]);
  rmdir(scratch);
  return Done();
}

// How the loader is reached: its installed path, else a copy, on a host of 4.18 by memfd, on one of 3.10 in a nameless
// file; nowhere where nothing can be executed: EACCES. What the kernel shows as the program of a child says which it was.
// ways: loader
#include "exec.h"

#include <sched.h>
#include <sys/mount.h>

static char library[4096];  // as the parent sees its own
static void Hide(int noexec) {
  char* const slash = strrchr(library, '/');
  CHECK_EQ(unshare(CLONE_NEWNS), 0);
  CHECK_EQ(mount("none", "/", 0, MS_REC | MS_PRIVATE, 0), 0);
  *slash = 0;
  CHECK_EQ(mount("none", library, "tmpfs", MS_NOEXEC, 0), 0);
  const char* const places[] = {"/dev/shm", "/run", "/tmp", "/var/tmp", "/"};
  for (int i = 0; i < noexec; ++i) {
    if (mount(places[i], places[i], 0, MS_BIND | MS_REC, 0) != 0) continue;
    CHECK_EQ(mount("none", places[i], 0, MS_BIND | MS_REMOUNT | MS_NOEXEC, 0), 0);
  }
  CHECK_EQ(chdir("/"), 0);
}

// What the kernel says of a child that executes the target, to its parent.
static const char* Shown(const char* target) {
  static char link[4096];
  char name[64];
  int ends[2];
  char* const args[] = {"target", "sleep", 0};
  CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
  pid_t pid = Fork();
  if (pid == 0) {
    close(1), open("/dev/null", O_WRONLY);
    execve(target, args, environ);
    CHECK_EQ(write(ends[1], &errno, sizeof(errno)), sizeof(errno));
    _exit(99);
  }
  close(ends[1]);
  int error = 0;
  ssize_t got = read(ends[0], &error, sizeof(error));
  close(ends[0]);
  snprintf(name, sizeof(name), "/proc/%d/exe", pid);
  ssize_t length = readlink(name, link, sizeof(link) - 1);
  int status = StatusOf(pid);
  if (got != 0) {
    snprintf(link, sizeof(link), "errno %d", error);
    return link;
  }
  CHECK_EQ(status, 0);
  CHECK(length > 0);
  link[length] = 0;
  return link;
}

static void Child(void* noexec) {
  char target[512], path[4096];
  snprintf(target, sizeof(target), "%s", PathOf("target-static"));
  snprintf(path, sizeof(path), "%s", Shown(target));
  snprintf(library, sizeof(library), "%s", path);
  CHECK(strstr(path, "/libabishim.so") != 0);
  int hidden = *(int*)noexec;
  // The target itself must be executable wherever it lies.
  int fd = open(target, O_RDONLY | O_CLOEXEC);
  Hide(hidden);
  snprintf(target, sizeof(target), "/proc/self/fd/%d", fd);
  dprintf(1, "%s\n", Shown(target));
  _exit(0);
}

int main(int argc, char** argv) {
  static char out[4096];
  Start(argc, argv, 60);
  if (geteuid() != 0) {
    dprintf(1, "root only\n");
    return kNotHere;
  }
  if (!getenv("ABISHIM_EXEC")) {  // natively there is no loader
    CHECK(strcmp(Shown(PathOf("target-static")), PathOf("target-static")) == 0);
    return Done();
  }
  // Before Linux 3.11 the copy has a name, until it runs.
  int nameless = open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  int named = nameless < 0 && errno == EISDIR;
  close(nameless);
  int memfd = 0;
  for (int noexec = 0; noexec <= 5; ++noexec) {
    CHECK_EQ(Capture(Child, &noexec, out, sizeof(out)), 0);
    dprintf(1, "%d places without exec: %s", noexec, out);
    if (noexec == 0) memfd = strcmp(out, "/memfd:abishim (deleted)\n") == 0;
    const char* const first[] = {named ? "/dev/shm/.abishim-loader-" : "/dev/shm/#",
                                 "/", "/", "/", "/", "errno 13\n"};
    const char* const kind = memfd ? "/memfd:abishim (deleted)\n" : first[noexec];
    CHECK(strncmp(out, kind, strlen(kind)) == 0);
    if (noexec == 5 && !memfd) continue;
    if (named && !memfd) {
      out[strcspn(out, " \n")] = 0;
      CHECK_EQ(access(out, F_OK), -1);
    } else {
      CHECK(strstr(out, " (deleted)\n") != 0);
    }
  }
  return Done();
}

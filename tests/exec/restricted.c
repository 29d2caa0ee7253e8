// What the kernel would not execute the loader must not run, though it could map it: a Landlock domain without EXECUTE,
// a noexec mount, permissions of the effective ids where the real ones have others. (Run with --under=6.1 to have
// Landlock; older hosts lack it.)
// ways: any loader
#include "exec.h"

#include <grp.h>
#include <linux/landlock.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/utsname.h>

enum { kUser = 12345 };
static char out[1024];
static char* const args[] = {"target", "bare", 0};
static const char* copy;  // of the target, its own mode and owner

static void ExecIt(const char* path) {
  execve(path, args, environ);
  dprintf(1, "errno %d\n", errno);
  _exit(0);
}

// Everything may be read, and be executed below `allowed` only.
static void Landlock(void* allowed) {
  const struct landlock_ruleset_attr rules = {LANDLOCK_ACCESS_FS_EXECUTE};
  int set = syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0);
  if (set < 0) _exit(kNotHere);
  if (allowed) {
    struct landlock_path_beneath_attr below = {LANDLOCK_ACCESS_FS_EXECUTE, open(allowed, O_PATH | O_CLOEXEC)};
    CHECK_EQ(syscall(SYS_landlock_add_rule, set, LANDLOCK_RULE_PATH_BENEATH, &below, 0), 0);
    close(below.parent_fd);
  }
  CHECK_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  CHECK_EQ(syscall(SYS_landlock_restrict_self, set, 0), 0);
  close(set);
  ExecIt(PathOf("target-static"));
}

static void NoexecMount(void* unused) {
  (void)unused;
  CHECK_EQ(unshare(CLONE_NEWNS), 0);
  CHECK_EQ(mount("none", "/", 0, MS_REC | MS_PRIVATE, 0), 0);
  CHECK_EQ(mount(folder, folder, 0, MS_BIND, 0), 0);
  CHECK_EQ(mount("none", folder, 0, MS_BIND | MS_REMOUNT | MS_NOEXEC, 0), 0);
  ExecIt(PathOf("target-static"));
}

// The file is 0700 of another user.
static void Effective(void* ids) {
  const uid_t* id = ids;
  CHECK_EQ(setgroups(0, 0), 0);
  CHECK_EQ(setresuid(id[0], id[1], id[0]), 0);
  ExecIt(copy);
}

static const char* Said(void (*child)(void*), const void* argument) {
  int status = Capture(child, (void*)argument, out, sizeof(out));
  if (WIFEXITED(status) && WEXITSTATUS(status) == kNotHere) return 0;
  if (status != 0) dprintf(1, "status %#x: %s\n", status, out);
  CHECK_EQ(status, 0);
  return out;
}

// Whom the loader cannot ask there (shim/exec/check/permission.h), it does not execute: the stated limit of 5.8 to 6.7.
static int CannotBeAsked(void) {
  struct utsname host;
  int major = 0, minor = 0;
  uname(&host);
  sscanf(host.release, "%d.%d", &major, &minor);
  const char* way = getenv("ABISHIM_EXEC");
  return way && strcmp(way, "loader") == 0 && major * 100 + minor >= 508 && major * 100 + minor <= 607;
}

int main(int argc, char** argv) {
  Start(argc, argv, 60);
  if (geteuid() != 0) {
    dprintf(1, "root only\n");
    return kNotHere;
  }
  if (Said(Landlock, folder) == 0) {
    dprintf(1, "no Landlock on this host\n");
  } else {
    CHECK(strncmp(out, CannotBeAsked() ? "errno 13" : "target 2 bare", 8) == 0);
    CHECK(strcmp(Said(Landlock, 0), "errno 13\n") == 0);
    CHECK(strcmp(Said(Landlock, "/usr"), "errno 13\n") == 0);
  }
  CHECK(strcmp(Said(NoexecMount, 0), "errno 13\n") == 0);

  char name[] = "/tmp/abishim-exec-XXXXXX", buffer[8192];
  int from = open(PathOf("target-static"), O_RDONLY | O_CLOEXEC), to = mkstemp(name);
  for (ssize_t got; (got = read(from, buffer, sizeof(buffer))) > 0;) CHECK_EQ(write(to, buffer, got), got);
  CHECK_EQ(fchown(to, kUser, kUser), 0);
  CHECK_EQ(fchmod(to, 0700), 0);
  close(from), close(to);
  copy = name;
  const uid_t owner_acts[] = {kUser + 1, kUser}, other_acts[] = {kUser, kUser + 1}, owner[] = {kUser, kUser};
  CHECK(strncmp(Said(Effective, owner), "target 2 bare", 13) == 0);
  CHECK(strncmp(Said(Effective, owner_acts), "target 2 bare", 13) == 0);
  CHECK(strcmp(Said(Effective, other_acts), "errno 13\n") == 0);
  unlink(name);
  CheckNoChildren();
  return Done();
}

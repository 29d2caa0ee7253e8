// A program that guards itself as crun and runc do: where /proc/self/exe can be written, it
// executes a copy of it that cannot, a sealed memfd or a read-only mount, and goes on when
// /proc/self/exe is that.
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "exec.h"

enum { kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

static int Copy(void) {
  static char bytes[1 << 16];
  int exe = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  int copy = (int)syscall(SYS_memfd_create, "copy", 3 /* MFD_CLOEXEC | MFD_ALLOW_SEALING */);
  ssize_t got;
  CHECK(exe >= 0);
  if (copy <
      0) {  // before Linux 3.17: a file without a name, which nobody may have open for writing
    char name[64], place[] = "/tmp/cloned.XXXXXX";
    int file = mkostemp(place, O_CLOEXEC);
    CHECK(file >= 0);
    CHECK_EQ(unlink(place) + fchmod(file, 0700), 0);
    while ((got = read(exe, bytes, sizeof(bytes))) > 0) CHECK_EQ(write(file, bytes, got), got);
    snprintf(name, sizeof(name), "/proc/self/fd/%d", file);
    copy = open(name, O_PATH | O_CLOEXEC);
    close(file);
  } else {
    while ((got = read(exe, bytes, sizeof(bytes))) > 0) CHECK_EQ(write(copy, bytes, got), got);
    CHECK_EQ(fcntl(copy, F_ADD_SEALS, kSeals), 0);
  }
  close(exe);
  return copy;
}

static int Mounted(void) {
  char place[] = "/tmp/cloned.XXXXXX";
  close(mkstemp(place));
  CHECK_EQ(mount("/proc/self/exe", place, 0, MS_BIND, 0), 0);
  CHECK_EQ(mount(0, place, 0, MS_BIND | MS_REMOUNT | MS_RDONLY, 0), 0);
  int copy = open(place, O_PATH | O_CLOEXEC);
  CHECK_EQ(umount2(place, MNT_DETACH), 0);
  CHECK_EQ(unlink(place), 0);
  return copy;
}

static int IsGuarded(void) {
  struct statfs fs;
  struct stat file;
  int exe = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  CHECK(exe >= 0);
  CHECK_EQ(fstatfs(exe, &fs), 0);
  CHECK_EQ(fstat(exe, &file), 0);
  int guarded = fcntl(exe, F_GET_SEALS) == kSeals || (fs.f_flags & MS_RDONLY) || file.st_nlink == 0;
  close(exe);
  return guarded;
}

// "1": the first time; "2": once more; never a third time.
static void Guarded(int argc, char** argv) {
  char* const args[] = {argv[0], argv[1], "short", argv[3], "2", 0};
  CHECK_EQ(argc, 5);
  if (strcmp(argv[4], "1") == 0) {
    CHECK(!IsGuarded());
    int copy = argv[3][0] == 'm' ? Mounted() : Copy();
    CHECK(copy >= 0);
    fexecve(copy, args, environ);
    CHECK_EQ(errno, 0);
  }
  CHECK(IsGuarded());
  CheckGetrandom();  // the shim came along
  CHECK_EQ(puts("guarded") >= 0 && fflush(stdout) == 0, 1);
  _exit(kPassed);
}

static void Child(void* how) {
  char exe[4096];
  if (geteuid() == 0) {
    CHECK_EQ(unshare(CLONE_NEWNS), 0);
    CHECK_EQ(mount("none", "/", 0, MS_REC | MS_PRIVATE, 0), 0);
  }
  ssize_t length = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
  CHECK(length > 0);
  exe[length] = 0;
  char* const args[] = {"cloned", (char*)folder, "short", how, "1", 0};
  execv(exe, args);
}

int main(int argc, char** argv) {
  Start(argc, argv, 30);
  if (argc > 3) Guarded(argc, argv);
  CheckPrints(Child, "copied", "guarded");
  if (geteuid() == 0) CheckPrints(Child, "mounted", "guarded");
  return Done();
}

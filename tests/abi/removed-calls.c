// Calls that kernels have dropped, or may drop, made as programs of the years of CentOS 5 and 6 made
// them. What the host lacks natively is looked at where it is translated.
// flags: -idirafter /usr/include -idirafter /usr/include/x86_64-linux-gnu
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include <linux/sysctl.h>

#include "check.h"

static int lacking;
// Its callers get by without it, natively: then it must be ENOSYS and nothing else.
static int IsHere(long result) {
  if (result != -1 || errno != ENOSYS) return 1;
  ++lacking;
  return 0;
}

static void CheckSysfs(void) {
  char name[64];
  long count = syscall(SYS_sysfs, 3), found = 0;
  CHECK(count > 3);
  for (long i = 0; i < count; ++i) {
    CHECK_EQ(syscall(SYS_sysfs, 2, i, name), 0);
    CHECK_EQ(syscall(SYS_sysfs, 1, name), i);
    found += strcmp(name, "proc") == 0 || strcmp(name, "tmpfs") == 0;
  }
  CHECK_EQ(found, 2);
  CHECK_ERRNO(syscall(SYS_sysfs, 2, count, name), EINVAL);
  CHECK_ERRNO(syscall(SYS_sysfs, 1, "nosuchfs"), EINVAL);
  CHECK_ERRNO(syscall(SYS_sysfs, 4), EINVAL);
}

static void CheckUstat(void) {
  struct {
    int free_blocks;
    unsigned long free_inodes;
    char name[6], pack[6];
  } is;
  struct stat proc;
  memset(&is, 'x', sizeof(is));
  CHECK_EQ(stat("/proc", &proc), 0);
  CHECK_EQ(syscall(SYS_ustat, proc.st_dev, &is), 0);
  CHECK(is.free_blocks == 0 && is.name[0] == 0 && is.pack[0] == 0);
  CHECK_ERRNO(syscall(SYS_ustat, 0xfffff, &is), EINVAL);
  CHECK_ERRNO(syscall(SYS_ustat, proc.st_dev, 8), EFAULT);
}

static void CheckRemap(void) {
  char path[] = "/dev/shm/abishim-removed-XXXXXX";
  int fd = mkstemp(path);
  CHECK(fd >= 0);
  unlink(path);
  CHECK_EQ(ftruncate(fd, 8 * 4096), 0);
  for (int i = 0; i < 8; ++i) CHECK_EQ(pwrite(fd, &i, 4, i * 4096), 4);
  volatile int* window = mmap(0, 2 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(window != MAP_FAILED);
  CHECK_EQ(syscall(SYS_remap_file_pages, window, 4096, 0, 5, 0), 0);
  CHECK_EQ(window[0], 5);
  CHECK_EQ(window[1024], 1);
  CHECK_ERRNO(syscall(SYS_remap_file_pages, window, 4096, PROT_READ, 5, 0), EINVAL);
  CHECK_EQ(munmap((void*)window, 2 * 4096), 0);
  CHECK_EQ(close(fd), 0);
}

// glibc's own sysctl(), whose ld.so and libpthread asked for the version.
static long Sysctl(int* name, int count, void* old, size_t* bytes) {
  struct __sysctl_args args;
  memset(&args, 0, sizeof(args));
  args.name = name, args.nlen = count, args.oldval = old, args.oldlenp = bytes;
  return syscall(SYS__sysctl, &args);
}
static void CheckSysctl(void) {
  int version[] = {CTL_KERN, KERN_VERSION}, pid_max[] = {CTL_KERN, KERN_PIDMAX};
  int unknown[] = {CTL_KERN, 9999}, maximum = 0;
  char text[512];
  size_t bytes = sizeof(text);
  struct utsname name;
  if (!IsHere(Sysctl(version, 2, text, &bytes))) return;
  CHECK_EQ(uname(&name), 0);
  CHECK(strcmp(text, name.version) == 0);
  CHECK_EQ(bytes, strlen(text));
  bytes = sizeof(maximum);
  CHECK_EQ(Sysctl(pid_max, 2, &maximum, &bytes), 0);
  CHECK(maximum >= 300 && bytes == sizeof(maximum));
  CHECK_ERRNO(Sysctl(unknown, 2, text, &bytes), ENOTDIR);
}

static void CheckRefused(void) {
  const int gone[] = {134, 174, 177, 178, 180, 181, 182, 183, 184, 185, 214, 215, 236};
  for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); ++i) {
    CHECK_ERRNO(syscall(gone[i], 0, 0, 0, 0, 0), ENOSYS);
  }
  // lookup_dcookie: some kernels still have it, for others' eyes only, and no length is 0.
  CHECK_EQ(syscall(212, 0, 0, 0), -1);
  CHECK(errno == ENOSYS || errno == EINVAL || errno == EPERM);
}

int main(void) {
  Watchdog(20);
  if (syscall(SYS_sysfs, 3) == -1 && errno == EPERM) {
    printf("this profile denies such calls, and nobody said that the program is old");
    return kNotHere;
  }
  const int descriptors = CountDescriptors();
  CheckSysfs();
  CheckUstat();
  CheckRemap();
  CheckSysctl();
  CheckRefused();
  CHECK_EQ(CountDescriptors(), descriptors);
  if (lacking != 0) printf("%d of 5 calls are not here\n", lacking);
  fflush(stdout);
  return Done();
}

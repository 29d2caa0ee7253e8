// Raw calls that are newer than Linux 3.10, past any fallback of libc: on an older host abishim
// makes them work.
#pragma once

#include <assert.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "check.h"

struct OpenHow {
  uint64_t flags, mode, resolve;
};
enum { kResolveNoMagicLinks = 2, kResolveNoSymlinks = 4, kResolveBeneath = 8 };
enum { kAtEaccess = 0x200, kAtEmptyPath = 0x1000, kBasicStats = 0x7ff };

// musl 1.2.3 does not have it.
struct StatxResult {
  uint32_t mask, block_size;
  uint64_t attributes;
  uint32_t links, uid, gid;
  uint16_t mode, unused;
  uint64_t inode, size, blocks, attributes_mask;
  uint64_t rest[24];
};
static_assert(sizeof(struct StatxResult) == 256, "struct statx");

static inline long Getrandom(void* buffer, size_t size) {
  return syscall(SYS_getrandom, buffer, size, 0);
}
static inline long Statx(int dir, const char* path, int flags, struct StatxResult* result) {
  return syscall(SYS_statx, dir, path, flags, kBasicStats, result);
}
static inline long Faccessat2(int dir, const char* path, int mode, int flags) {
  return syscall(SYS_faccessat2, dir, path, mode, flags);
}
static inline long Openat2(int dir, const char* path, const struct OpenHow* how) {
  return syscall(SYS_openat2, dir, path, how, sizeof(*how));
}
static inline long CloseRange(unsigned first, unsigned last) {
  return syscall(SYS_close_range, first, last, 0);
}
static inline long MemfdCreate(const char* name) {
  return syscall(SYS_memfd_create, name, 1 /* MFD_CLOEXEC */);
}
static inline long CopyFileRange(int from, off_t* from_at, int to, off_t* to_at, size_t size) {
  return syscall(SYS_copy_file_range, from, from_at, to, to_at, size, 0);
}
// Offset -1: the descriptor's own position, which pipes need.
static inline long Preadv2(int fd, const struct iovec* parts, int count, off_t offset) {
  return syscall(SYS_preadv2, fd, parts, count, offset, 0L, 0);
}
static inline long Pwritev2(int fd, const struct iovec* parts, int count, off_t offset) {
  return syscall(SYS_pwritev2, fd, parts, count, offset, 0L, 0);
}
static inline long EpollPwait2(int epoll, void* events, int room, const struct timespec* timeout,
                               const uint64_t* mask) {
  return syscall(SYS_epoll_pwait2, epoll, events, room, timeout, mask, kMaskBytes);
}

__attribute__((noinline)) static void CheckGetrandom(void) {
  unsigned char bytes[64];
  int zeros = 0;
  memset(bytes, 0, sizeof(bytes));
  CHECK_EQ(Getrandom(bytes, sizeof(bytes)), sizeof(bytes));
  for (size_t i = 0; i < sizeof(bytes); ++i) zeros += bytes[i] == 0;
  CHECK(zeros < 32);
}

__attribute__((noinline)) static void CheckStatx(void) {
  struct StatxResult root;
  CHECK_EQ(Statx(AT_FDCWD, "/", 0, &root), 0);
  CHECK(S_ISDIR(root.mode));
  CHECK_ERRNO(Statx(AT_FDCWD, "/no/such/file", 0, &root), ENOENT);
  CHECK_ERRNO(Statx(-5, "file", 0, &root), EBADF);
}

__attribute__((noinline)) static void CheckAccess(void) {
  CHECK_EQ(Faccessat2(AT_FDCWD, "/", R_OK, kAtEaccess), 0);
  CHECK_EQ(Faccessat2(AT_FDCWD, "/", X_OK, 0), 0);
  CHECK_ERRNO(Faccessat2(AT_FDCWD, "/no/such/file", F_OK, kAtEaccess), ENOENT);
}

__attribute__((noinline)) static void CheckOpen(void) {
  const struct OpenHow how = {O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0, kResolveNoSymlinks};
  long fd = Openat2(AT_FDCWD, "/proc/self", &how);
  CHECK(fd == -1 && errno == ELOOP);
  fd = Openat2(AT_FDCWD, "/proc/../dev", &how);
  CHECK(fd >= 0);
  CHECK_EQ(CloseRange(fd, fd), 0);
  CHECK_ERRNO(CloseRange(2, 1), EINVAL);
}

__attribute__((noinline)) static void CheckFile(void) {
  char back[8] = "";
  const struct iovec out = {(char*)"planned", 8}, in = {back, 8};
  off_t from = 0, to = 4096;
  long fd = MemfdCreate("planned");
  CHECK(fd >= 0);
  CHECK_EQ(Pwritev2(fd, &out, 1, 0), 8);
  long copied;
  do copied = CopyFileRange(fd, &from, fd, &to, 8);
  while (copied == -1 && errno == EINTR);  // as it may, natively, too, if a signal is pending
  CHECK_EQ(copied, 8);
  CHECK(from == 8 && to == 4104);
  CHECK_EQ(Preadv2(fd, &in, 1, 4096), 8);
  CHECK(strcmp(back, "planned") == 0);
  CHECK_EQ(close(fd), 0);
}

__attribute__((noinline)) static void CheckEpoll(void) {
  char event[16];
  const struct timespec at_once = {0, 0};
  long epoll = syscall(SYS_epoll_create1, O_CLOEXEC);
  CHECK(epoll >= 0);
  CHECK_EQ(EpollPwait2(epoll, event, 1, &at_once, 0), 0);
  CHECK_ERRNO(EpollPwait2(epoll, event, 0, &at_once, 0), EINVAL);
  CHECK_EQ(close(epoll), 0);
}

// Those that open nothing: a siglongjmp out of them loses nothing natively, either.
static void MakePlannedCallsWithoutDescriptors(void) {
  int error = errno;
  CheckGetrandom();
  CheckStatx();
  CheckAccess();
  errno = error;
}

// One of each: quick, in any thread and handler, on a small stack; leaves nothing behind, not even
// errno.
static void MakePlannedCalls(void) {
  int error = errno;
  CheckGetrandom();
  CheckStatx();
  CheckAccess();
  CheckOpen();
  CheckFile();
  CheckEpoll();
  errno = error;
}

// Bad pointers are EFAULT, whatever kind of bad they are, with every signal blocked, ignored or
// handled; nothing changes.
#include <sys/epoll.h>

#include "planned.h"

static volatile int faults;
static void OnFault(int sig) {
  faults += sig;
  _exit(99);
}

static char* page_end;  // the last readable byte is page_end[-1]
static char* file_end;  // the same in a file mapping: what follows is SIGBUS
static char* read_only;
static void Map(void) {
  char* map = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK_EQ(mprotect(map + 4096, 4096, PROT_NONE), 0);
  page_end = map + 4096;
  char path[] = "/tmp/abi.XXXXXX";
  int fd = mkstemp(path);
  CHECK(fd >= 0 && unlink(path) == 0 && ftruncate(fd, 4096) == 0);
  file_end = (char*)mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) + 4096;
  read_only = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  close(fd);
}

static void Wrong(void* bad, int writable) {
  struct StatxResult result;
  struct OpenHow how = {.flags = O_RDONLY};
  struct epoll_event event;
  const struct timespec at_once = {0, 0};
  int descriptors = CountDescriptors();
  int epoll = epoll_create1(EPOLL_CLOEXEC), fd = MemfdCreate("bad");
  CHECK(epoll >= 0 && fd >= 0);
  CHECK_EQ(write(fd, "0123456789", 10), 10);
  if (!writable) {
    CHECK_ERRNO(Statx(AT_FDCWD, bad, 0, &result), EFAULT);
    CHECK_ERRNO(Faccessat2(AT_FDCWD, bad, F_OK, 0), EFAULT);
    CHECK_ERRNO(Faccessat2(AT_FDCWD, bad, F_OK, kAtEaccess), EFAULT);
    CHECK_ERRNO(Openat2(AT_FDCWD, bad, &how), EFAULT);
    how.resolve = kResolveBeneath;
    CHECK_ERRNO(Openat2(AT_FDCWD, bad, &how), EFAULT);
    CHECK_ERRNO(Openat2(AT_FDCWD, "/", bad), EFAULT);
    CHECK_ERRNO(MemfdCreate(bad), EFAULT);
    CHECK_ERRNO(EpollPwait2(epoll, &event, 1, bad, 0), EFAULT);
    CHECK_ERRNO(EpollPwait2(epoll, &event, 1, &at_once, bad), EFAULT);
    CHECK_ERRNO(Preadv2(fd, bad, 1, 0), EFAULT);
    CHECK_ERRNO(Pwritev2(fd, bad, 1, 0), EFAULT);
    CHECK_ERRNO(CopyFileRange(fd, bad, fd, 0, 1), EFAULT);
  }
  const struct iovec part = {bad, 8};
  CHECK_ERRNO(Getrandom(bad, 8), EFAULT);
  CHECK_ERRNO(Statx(AT_FDCWD, "/", 0, bad), EFAULT);
  CHECK_ERRNO(Preadv2(fd, &part, 1, 0), EFAULT);
  CHECK_EQ(close(epoll), 0);
  CHECK_EQ(close(fd), 0);
  CHECK_EQ(CountDescriptors(), descriptors);
}

// Half of it can be written.
static void Partial(char* end) {
  char* at = end - 4;
  const struct iovec part = {at, 8};
  int fd = MemfdCreate("partial");
  CHECK(fd >= 0);
  CHECK_EQ(write(fd, "0123456789", 10), 10);
  CHECK_EQ(Getrandom(at, 8), 4);
  CHECK_EQ(Preadv2(fd, &part, 1, 0), 4);
  CHECK_ERRNO(Statx(AT_FDCWD, "/", 0, (void*)at), EFAULT);
  CHECK_EQ(close(fd), 0);
}

// What ends right before the bad page is good.
static void Right(char* end) {
  struct StatxResult* result = (void*)(end - sizeof(*result));
  struct OpenHow* how = (void*)(end - sizeof(*how));
  CHECK_EQ(Statx(AT_FDCWD, "/", 0, result), 0);
  CHECK(S_ISDIR(result->mode));
  CHECK_EQ(Getrandom(end - 300, 300), 300);
  CHECK_EQ(Getrandom(end - 300, 400), 300);  // what could be written
  memcpy(end - 5, "/tmp", 5);
  CHECK_EQ(Faccessat2(AT_FDCWD, end - 5, R_OK, kAtEaccess), 0);
  CHECK_EQ(Statx(AT_FDCWD, end - 5, 0, (void*)(end - 600)), 0);
  CHECK_ERRNO(Statx(AT_FDCWD, end - 3, 0, (void*)(end - 600)), ENOENT);  // "mp"
  memset(end - 5, 'x', 5);
  CHECK_ERRNO(Statx(AT_FDCWD, end - 5, 0, (void*)(end - 600)), EFAULT);  // no NUL
  *how = (struct OpenHow){.flags = O_RDONLY | O_CLOEXEC};
  long fd = Openat2(AT_FDCWD, "/", how);
  CHECK(fd >= 0 && close(fd) == 0);
}

static void* All(void* argument) {
  Wrong((void*)16, 0), Wrong((void*)-4096L, 0), Wrong((void*)(1UL << 62), 0);
  Wrong(page_end, 0), Wrong(file_end, 0), Wrong(read_only, 1);
  Partial(page_end), Partial(file_end);
  Right(page_end), Right(file_end);
  return argument;
}

int main(void) {
  Watchdog(20);
  Map();
  CHECK_EQ(chdir("/"), 0);
  const uint64_t masks[] = {0, ~0UL, Bit(SIGSEGV), Bit(SIGSEGV) | Bit(SIGBUS) | Bit(SIGSYS)};
  void (*const handlers[])(int) = {SIG_DFL, SIG_IGN, OnFault};
  for (int i = 0; i < 12; ++i) {
    signal(SIGSEGV, handlers[i % 3]), signal(SIGBUS, handlers[i % 3]);
    SetMask(masks[i / 3]);
    All(0);
    CHECK_EQ(Mask(), Blockable(masks[i / 3]));
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, 0, All, 0), 0);
    CHECK_EQ(pthread_join(thread, 0), 0);
  }
  CHECK_EQ(faults, 0);
  return Done();
}

// Calls that block until something happens, each in a state in which it blocks: what may interrupt
// or end them is tested.
#pragma once

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "planned.h"

// Made anew for every call.
static struct Ends {
  int pipe[2];       // empty: reading blocks
  int full_pipe[2];  // full: writing blocks
  int sockets[2];    // nothing to receive at [0], no more room for what [0] sends
  int epoll;         // waits for the empty pipe
  char dir[32], fifo[64];
} ends;

static void OpenEnds(void) {
  char junk[4096] = "";
  struct epoll_event in = {.events = EPOLLIN};
  CHECK_EQ(pipe2(ends.pipe, O_CLOEXEC), 0);
  CHECK_EQ(pipe2(ends.full_pipe, O_CLOEXEC | O_NONBLOCK), 0);
  while (write(ends.full_pipe[1], junk, sizeof(junk)) > 0) continue;
  CHECK_EQ(fcntl(ends.full_pipe[1], F_SETFL, 0), 0);
  CHECK_EQ(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends.sockets), 0);
  while (send(ends.sockets[0], junk, sizeof(junk), MSG_DONTWAIT) > 0) continue;
  ends.epoll = epoll_create1(EPOLL_CLOEXEC);
  CHECK_EQ(epoll_ctl(ends.epoll, EPOLL_CTL_ADD, ends.pipe[0], &in), 0);
  strcpy(ends.dir, "/tmp/abi.XXXXXX");
  CHECK(mkdtemp(ends.dir));
  snprintf(ends.fifo, sizeof(ends.fifo), "%s/fifo", ends.dir);
  CHECK_EQ(mkfifo(ends.fifo, 0600), 0);
}

static void CloseEnds(void) {
  close(ends.pipe[0]), close(ends.pipe[1]), close(ends.full_pipe[0]), close(ends.full_pipe[1]);
  close(ends.sockets[0]), close(ends.sockets[1]), close(ends.epoll);
  unlink(ends.fifo), rmdir(ends.dir);
}

// The raw calls. Masks are empty: everything may interrupt.
static const uint64_t nothing_blocked = 0;
static char read_back[16];

static long BlockEpollPwait2(void) {
  struct epoll_event event;
  return EpollPwait2(ends.epoll, &event, 1, 0, &nothing_blocked);
}
static long BlockEpollPwait2Long(void) {  // with a timeout, and without a mask
  struct epoll_event event;
  const struct timespec long_time = {5, 0};
  return EpollPwait2(ends.epoll, &event, 1, &long_time, 0);
}
static long BlockPreadv2(void) {
  const struct iovec part = {read_back, 1};
  return Preadv2(ends.pipe[0], &part, 1, -1);
}
static long BlockPwritev2(void) {
  const struct iovec part = {read_back, 1};
  return Pwritev2(ends.full_pipe[1], &part, 1, -1);
}
static long BlockOpenat2(void) {  // a FIFO that nobody writes to
  const struct OpenHow how = {.flags = O_RDONLY | O_CLOEXEC};
  long fd = Openat2(AT_FDCWD, ends.fifo, &how);
  if (fd < 0) return fd;
  close(fd);
  return 1;
}
static long BlockRecvmmsg(void) {
  struct iovec part = {read_back, 1};
  struct mmsghdr message = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}};
  return syscall(SYS_recvmmsg, ends.sockets[0], &message, 1, 0, 0);
}
static long BlockSendmmsg(void) {
  struct iovec part = {read_back, 1};
  struct mmsghdr message = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}};
  return syscall(SYS_sendmmsg, ends.sockets[0], &message, 1, 0);
}
static long BlockPpoll(void) {
  struct pollfd poll = {.fd = ends.pipe[0], .events = POLLIN};
  return syscall(SYS_ppoll, &poll, 1, 0, &nothing_blocked, kMaskBytes);
}
static long BlockPselect(void) {
  const struct {
    const void* mask;
    size_t size;
  } argument = {&nothing_blocked, kMaskBytes};
  return syscall(SYS_pselect6, 0, 0, 0, 0, 0, &argument);
}
static long BlockSigsuspend(void) {
  return syscall(SYS_rt_sigsuspend, &nothing_blocked, kMaskBytes);
}
static long BlockEpollPwait(void) {
  struct epoll_event event;
  return syscall(SYS_epoll_pwait, ends.epoll, &event, 1, -1, &nothing_blocked, kMaskBytes);
}

static const struct Blocking {
  const char* name;
  long (*call)(void);
  int restarts;  // the kernel restarts it after a handler with SA_RESTART; `Release` ends it with 1
} blocking[] = {
    {"epoll_pwait2", BlockEpollPwait2, 0}, {"epoll_pwait2 with a timeout", BlockEpollPwait2Long, 0},
    {"preadv2", BlockPreadv2, 1},          {"pwritev2", BlockPwritev2, 1},
    {"openat2", BlockOpenat2, 1},          {"recvmmsg", BlockRecvmmsg, 1},
    {"sendmmsg", BlockSendmmsg, 1},        {"ppoll", BlockPpoll, 0},
    {"pselect6", BlockPselect, 0},         {"rt_sigsuspend", BlockSigsuspend, 0},
    {"epoll_pwait", BlockEpollPwait, 0},
};
enum { kBlocking = sizeof(blocking) / sizeof(blocking[0]) };

// Lets every restartable call end.
static void Release(void) {
  char junk[4096];
  CHECK_EQ(write(ends.pipe[1], "x", 1), 1);
  CHECK_EQ(read(ends.full_pipe[0], junk, sizeof(junk)), sizeof(junk));
  CHECK_EQ(send(ends.sockets[1], "x", 1, MSG_DONTWAIT), 1);
  while (recv(ends.sockets[1], junk, sizeof(junk), MSG_DONTWAIT) > 0) continue;
  int fd = open(ends.fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC);  // ENXIO when nobody reads
  if (fd >= 0) close(fd);
}

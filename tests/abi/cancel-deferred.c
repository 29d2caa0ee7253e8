// pthread_cancel, deferred, of a thread in libc's own wrapper of a blocking call: pending before
// it, and blocked in it.
// limit patch: glibc before 2.41 loads an argument between the number and a cancellable `syscall`: ENOSYS there
#include <sys/select.h>

#include "blocking.h"

static struct timespec* const kForever = 0;
static void WrapRecvmmsg(void) {
  struct iovec part = {read_back, 1};
  struct mmsghdr message = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}};
  recvmmsg(ends.sockets[0], &message, 1, 0, kForever);
}
static void WrapSendmmsg(void) {
  struct iovec part = {read_back, 1};
  struct mmsghdr message = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}};
  sendmmsg(ends.sockets[0], &message, 1, 0);
}
static void WrapPpoll(void) {
  sigset_t none;
  struct pollfd poll = {.fd = ends.pipe[0], .events = POLLIN};
  sigemptyset(&none);
  ppoll(&poll, 1, kForever, &none);
}
static void WrapPselect(void) {
  sigset_t none;
  sigemptyset(&none);
  pselect(0, 0, 0, 0, kForever, &none);
}
static void WrapSigsuspend(void) {
  sigset_t none;
  sigemptyset(&none);
  sigsuspend(&none);
}
static void WrapEpollPwait(void) {
  sigset_t none;
  struct epoll_event event;
  sigemptyset(&none);
  epoll_pwait(ends.epoll, &event, 1, -1, &none);
}
#ifdef __GLIBC__  // musl 1.2.3 has no wrappers of these
static void WrapEpollPwait2(void) {
  sigset_t none;
  struct epoll_event event;
  sigemptyset(&none);
  epoll_pwait2(ends.epoll, &event, 1, kForever, &none);
}
static void WrapPreadv2(void) {
  const struct iovec part = {read_back, 1};
  preadv2(ends.pipe[0], &part, 1, -1, 0);
}
static void WrapPwritev2(void) {
  const struct iovec part = {read_back, 1};
  pwritev2(ends.full_pipe[1], &part, 1, -1, 0);
}
#endif

static const struct Wrapper {
  const char* name;
  void (*call)(void);
} wrappers[] = {
#ifdef __GLIBC__
    {"epoll_pwait2", WrapEpollPwait2},
    {"preadv2", WrapPreadv2},
    {"pwritev2", WrapPwritev2},
#endif
    {"recvmmsg", WrapRecvmmsg},
    {"sendmmsg", WrapSendmmsg},
    {"ppoll", WrapPpoll},
    {"pselect", WrapPselect},
    {"sigsuspend", WrapSigsuspend},
    {"epoll_pwait", WrapEpollPwait},
};

static volatile int tid, cleaned, go;
static int cancel_first;
static void CleanUp(void* unused) {
  (void)unused;
  MakePlannedCalls();
  cleaned = 1;
}

static void* Blocked(void* argument) {
  const struct Wrapper* wrapper = argument;
  pthread_cleanup_push(CleanUp, 0);
  CHECK_EQ(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, 0), 0);
  MakePlannedCalls();
  tid = syscall(SYS_gettid);
  while (cancel_first && !go) sched_yield();
  CHECK_EQ(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, 0), 0);
  wrapper->call();
  pthread_cleanup_pop(0);
  return argument;
}

int main(void) {
  Watchdog(20);
  for (size_t i = 0; i < 2 * sizeof(wrappers) / sizeof(wrappers[0]); ++i) {
    const struct Wrapper* wrapper = &wrappers[i / 2];
    pthread_t thread;
    void* result;
    check_context = wrapper->name;
    cancel_first = i % 2, tid = cleaned = go = 0;
    OpenEnds();
    CHECK_EQ(pthread_create(&thread, 0, Blocked, (void*)wrapper), 0);
    while (tid == 0) SleepMs(1);
    if (!cancel_first) AwaitSleep(tid);
    CHECK_EQ(pthread_cancel(thread), 0);
    go = 1;
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 2;
    CHECK_EQ(pthread_timedjoin_np(thread, &result, &until), 0);
    CHECK(result == PTHREAD_CANCELED);
    CHECK_EQ(cleaned, 1);
    CloseEnds();
  }
  return Done();
}

// sigaltstack: read back as set, what a handler sees of it, its errors, SS_DISABLE, SS_AUTODISARM,
// in threads and children.
#include <ucontext.h>

#include "planned.h"

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1U << 31)
#endif

static char space[64 << 10], other_space[64 << 10];
static int Raw(const stack_t* new_stack, stack_t* old) {
  return syscall(SYS_sigaltstack, new_stack, old);
}

static void Reads(const void* at, size_t size, int flags) {
  stack_t stack;
  memset(&stack, 0x55, sizeof(stack));
  CHECK_EQ(Raw(0, &stack), 0);
  CHECK_EQ(stack.ss_flags, flags);
  CHECK_EQ(stack.ss_sp, at);
  CHECK_EQ(stack.ss_size, size);
}

static volatile int handled, refused, mode;
enum { kOn = 1, kOff, kAutodisarm };
static void OnSignal(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)info;
  const stack_t* link = &((ucontext_t*)context)->uc_stack;
  char* here = (char*)&link;
  const int on = here >= space && here < space + sizeof(space);
  stack_t stack = {.ss_sp = other_space, .ss_size = sizeof(other_space)};
  stack_t off = {.ss_flags = SS_DISABLE};
  ++handled;
  MakePlannedCalls();
  CHECK_EQ(on, mode != kOff);
  if (mode == kOn) {
    Reads(space, sizeof(space), SS_ONSTACK);
    CHECK_ERRNO(Raw(&stack, 0), EPERM);
    CHECK_ERRNO(Raw(&off, 0), EPERM);
    Reads(space, sizeof(space), SS_ONSTACK);
  } else if (mode == kOff) {
    Reads(space, sizeof(space), 0);
  } else {
    Reads(0, 0, SS_DISABLE);
    CHECK_EQ(Raw(&stack, 0), 0);
    MakePlannedCalls();
    Reads(other_space, sizeof(other_space), 0);
  }
  CHECK_EQ(link->ss_sp, space);
  CHECK_EQ(link->ss_size, sizeof(space));
  CHECK_EQ(link->ss_flags, mode == kAutodisarm ? (int)SS_AUTODISARM : 0);
  MakePlannedCalls();
}

static void Errors(void) {
  stack_t stack = {.ss_sp = other_space, .ss_size = 2047}, old;
  CHECK_ERRNO(Raw(&stack, 0), ENOMEM);
  stack.ss_size = sizeof(other_space), stack.ss_flags = 16;
  CHECK_ERRNO(Raw(&stack, 0), EINVAL);
  stack.ss_flags = SS_ONSTACK | SS_DISABLE;
  CHECK_ERRNO(Raw(&stack, 0), EINVAL);
  CHECK_ERRNO(Raw((void*)16, 0), EFAULT);
  CHECK_ERRNO(Raw(0, (void*)16), EFAULT);
  CHECK_EQ(Raw(0, 0), 0);
  // One buffer for both; SS_ONSTACK is taken for 0.
  CHECK_EQ(Raw(0, &old), 0);
  stack_t both = {.ss_sp = other_space, .ss_flags = SS_ONSTACK, .ss_size = sizeof(other_space)};
  CHECK_EQ(Raw(&both, &both), 0);
  CHECK(both.ss_sp == old.ss_sp && both.ss_flags == old.ss_flags);
  Reads(other_space, sizeof(other_space), 0);
  CHECK_EQ(Raw(&old, 0), 0);
}

static void* All(void* argument) {
  Reads(0, 0, SS_DISABLE);
  MakePlannedCalls();
  Reads(0, 0, SS_DISABLE);
  const stack_t stack = {.ss_sp = space, .ss_size = sizeof(space)};
  const stack_t disarmed = {.ss_sp = space, .ss_flags = SS_AUTODISARM, .ss_size = sizeof(space)};
  for (int i = 0; i < 5; ++i) {
    CHECK_EQ(Raw(&stack, 0), 0);
    Reads(space, sizeof(space), 0);
    Errors();
    MakePlannedCalls();
    Reads(space, sizeof(space), 0);
    Handle(SIGUSR1, OnSignal, SA_ONSTACK), mode = kOn, raise(SIGUSR1);
    Reads(space, sizeof(space), 0);
    Handle(SIGUSR1, OnSignal, 0), mode = kOff, raise(SIGUSR1);
    if (Raw(&disarmed, 0) == 0) {
      Reads(space, sizeof(space), SS_AUTODISARM);
      Handle(SIGUSR1, OnSignal, SA_ONSTACK), mode = kAutodisarm, raise(SIGUSR1);
      Reads(space, sizeof(space), SS_AUTODISARM);
    } else {
      CHECK_EQ(errno, EINVAL);  // before 4.7
      Reads(space, sizeof(space), 0);
      ++refused;
    }
    const stack_t off = {.ss_sp = (void*)1, .ss_flags = SS_DISABLE, .ss_size = 5};
    CHECK_EQ(Raw(&off, 0), 0);
    Reads(0, 0, SS_DISABLE);
    MakePlannedCalls();
    Reads(0, 0, SS_DISABLE);
  }
  CHECK_EQ(Raw(&stack, 0), 0);
  return argument;
}

int main(void) {
  Watchdog(20);
  All(0);
  CHECK(refused == 0 || refused == 5);
  CHECK_EQ(handled, 15 - refused);
  pid_t pid = Fork();
  if (pid == 0) {
    Reads(space, sizeof(space), 0);  // inherited
    MakePlannedCalls();
    Reads(space, sizeof(space), 0);
    _exit(0);
  }
  CHECK_EQ(StatusOf(pid), 0);
  const stack_t off = {.ss_flags = SS_DISABLE};
  CHECK_EQ(Raw(&off, 0), 0);  // two threads are not to stand on it at a time
  pthread_t thread;           // not inherited
  CHECK_EQ(pthread_create(&thread, 0, All, 0), 0);
  CHECK_EQ(pthread_join(thread, 0), 0);
  return Done();
}

// Calls that take a mask for the time they wait: what is delivered, what the handler sees, what its
// edits do.
// limit older: the kernel calls handlers itself, with masks that never have SIGSEGV in them
#include "blocking.h"

static uint64_t temporary;  // of the calls below
static const struct timespec kShort = {0, 50000000}, *timeout;

static long Suspend(void) { return syscall(SYS_rt_sigsuspend, &temporary, kMaskBytes); }
static long Poll(void) {
  return syscall(SYS_ppoll, 0, 0, timeout ? &(struct timespec){kShort.tv_sec, kShort.tv_nsec} : 0,
                 &temporary, kMaskBytes);
}
static long Select(void) {
  struct timespec left = kShort;  // the kernel writes what is left
  const struct {
    const void* mask;
    size_t size;
  } argument = {&temporary, kMaskBytes};
  return syscall(SYS_pselect6, 0, 0, 0, 0, timeout ? &left : 0, &argument);
}
static long Epoll(void) {
  struct epoll_event event;
  return syscall(SYS_epoll_pwait, ends.epoll, &event, 1, timeout ? 50 : -1, &temporary, kMaskBytes);
}
static long Epoll2(void) {
  struct epoll_event event;
  return EpollPwait2(ends.epoll, &event, 1, timeout, &temporary);
}
static const struct {
  const char* name;
  long (*call)(void);
} calls[] = {{"rt_sigsuspend", Suspend},
             {"ppoll", Poll},
             {"pselect6", Select},
             {"epoll_pwait", Epoll},
             {"epoll_pwait2", Epoll2}};

static volatile int handled;
static volatile uint64_t saved, during, edit;
static void OnSignal(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)info;
  sigset_t* mask = &((ucontext_t*)context)->uc_sigmask;
  ++handled;
  saved = Bits(mask);
  during = Mask();
  MakePlannedCalls();
  CHECK_EQ(Mask(), during);
  if (edit) memcpy(mask, (const uint64_t*)&edit, kMaskBytes);
}

static void Delivers(long (*call)(void), uint64_t own, uint64_t wait_mask, uint64_t new_mask) {
  struct sigaction action = {.sa_sigaction = OnSignal, .sa_flags = SA_SIGINFO | SA_RESTART};
  sigaddset(&action.sa_mask, SIGWINCH);
  if (new_mask) sigaddset(&action.sa_mask, SIGSYS);
  CHECK_EQ(sigaction(SIGUSR1, &action, 0), 0);
  SetMask(own);
  raise(SIGUSR1);
  temporary = wait_mask, handled = 0, edit = new_mask, timeout = 0;
  CHECK_ERRNO(call(), EINTR);
  CHECK_EQ(handled, 1);
  // SIGSYS in these two: sigsys-in-handlers.
  const uint64_t in_handler = Blockable(wait_mask | Bit(SIGUSR1) | Bits(&action.sa_mask));
  CHECK_EQ(saved & ~Bit(SIGSYS), Blockable(own) & ~Bit(SIGSYS));
  CHECK_EQ(during & ~Bit(SIGSYS), in_handler & ~Bit(SIGSYS));
  const uint64_t after = Blockable(new_mask ? new_mask : own);
  const uint64_t unseen = own & ~after & Bit(SIGSYS);  // its removal
  CHECK_EQ(Mask() & ~unseen, after);
  CHECK_EQ(temporary, wait_mask);
  MakePlannedCalls();
}

// Everything blocked: what is pending stays so, and the call times out.
static void Withholds(long (*call)(void)) {
  SetMask(Bit(SIGUSR1));
  raise(SIGUSR1);
  temporary = ~0UL, handled = 0, edit = 0, timeout = &kShort;
  CHECK_EQ(call(), 0);
  CHECK_EQ(handled, 0);
  CHECK_EQ(Mask(), Bit(SIGUSR1));
  MakePlannedCalls();
  SetMask(0);
  CHECK_EQ(handled, 1);
  CHECK_EQ(Mask(), 0);
}

// A shell's way to sleep: only SIGKILL ends it.
static void SleepsThroughAll(void) {
  pid_t pid = Fork();
  if (pid == 0) {
    temporary = ~0UL;
    MakePlannedCalls();
    Suspend();
    _exit(1);
  }
  AwaitSleep(pid);
  CHECK_EQ(kill(pid, SIGTERM), 0);
  SleepMs(50);
  CHECK_EQ(waitpid(pid, 0, WNOHANG), 0);
  kill(pid, SIGKILL);
  CHECK_EQ(StatusOf(pid), SIGKILL);
}

int main(void) {
  Watchdog(20);
  OpenEnds();
  const uint64_t own[] = {Bit(SIGUSR1), Bit(SIGUSR1) | Bit(SIGUSR2) | Bit(SIGSYS), ~0UL,
                          ~(Bit(SIGSYS) | Bit(SIGSEGV))};
  for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); ++i) {
    check_context = calls[i].name;
    for (size_t j = 0; j < sizeof(own) / sizeof(own[0]); ++j) {
      Delivers(calls[i].call, own[j], 0, 0);
      Delivers(calls[i].call, own[j], ~Bit(SIGUSR1), 0);
      Delivers(calls[i].call, own[j], Bit(SIGSYS) | Bit(SIGBUS), Bit(SIGWINCH));
      Delivers(calls[i].call, own[j], Bit(SIGINT), Bit(SIGSYS) | Bit(SIGHUP));
      Delivers(calls[i].call, own[j], 0, ~0UL);
    }
    if (calls[i].call != Suspend) Withholds(calls[i].call);
  }
  SetMask(0);
  SleepsThroughAll();
  CloseEnds();
  return Done();
}

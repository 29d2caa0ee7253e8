// A crash ends a process as it always does: the signal and the core flag that the parent sees.
#include <sys/resource.h>
#include <sys/stat.h>

#include "planned.h"

static char *past_end, alternate[64 << 10];
static void OnFault(int sig) {
  (void)sig;
  MakePlannedCalls();
  _exit(42);
}
static void Handler42(int sig, int flags) {
  struct sigaction action = {.sa_handler = OnFault, .sa_flags = flags};
  CHECK_EQ(sigaction(sig, &action, 0), 0);
}

__attribute__((noinline)) static int Recurse(int depth) {
  volatile char frame[4096];
  frame[depth % 4096] = 1;
  return depth < 0 ? 0 : Recurse(depth + 1) + frame[depth % 4096];
}
static void Overflow(void) {
  const struct rlimit small = {1 << 20, 1 << 20};
  setrlimit(RLIMIT_STACK, &small);
  exit(Recurse(0));
}
static void Segv(void) { *(volatile int*)8 = 1; }
static void Bus(void) { *past_end = 1; }
static void Jump(void) { ((void (*)(void))8)(); }
static void Quit(void) { raise(SIGQUIT); }
static void Terminate(void) { raise(SIGTERM); }
static void Abort(void) { abort(); }
static void RaiseSegv(void) { raise(SIGSEGV); }
static void KillBus(void) { kill(getpid(), SIGBUS); }
static void RaiseSys(void) { raise(SIGSYS); }
static void Trap(void) { raise(SIGTRAP); }
static void SegvBlocked(void) { SetMask(Bit(SIGSEGV)), MakePlannedCalls(), Segv(); }
static void SegvAllBlocked(void) { SetMask(~0UL), MakePlannedCalls(), Segv(); }
static void BusBlocked(void) { SetMask(Bit(SIGBUS)), MakePlannedCalls(), Bus(); }
static void SegvIgnored(void) { signal(SIGSEGV, SIG_IGN), MakePlannedCalls(), Segv(); }
static void BusIgnored(void) { signal(SIGBUS, SIG_IGN), MakePlannedCalls(), Bus(); }
static void BlockedWithHandler(void) { Handler42(SIGSEGV, SA_ONSTACK), SegvBlocked(); }
static void OverflowWithHandler(void) { Handler42(SIGSEGV, 0), Overflow(); }
static void OverflowOnAlternate(void) {
  const stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate)};
  sigaltstack(&stack, 0);
  Handler42(SIGSEGV, SA_ONSTACK), MakePlannedCalls(), Overflow();
}
static void SegvWithHandler(void) { Handler42(SIGSEGV, 0), Segv(); }
static void SegvRaisedBlocked(void) {
  SetMask(Bit(SIGSEGV)), raise(SIGSEGV), MakePlannedCalls(), exit(42);
}
static void FaultInHandler(int sig) { (void)sig, Segv(); }
static void SegvInHandler(void) { signal(SIGSEGV, FaultInHandler), Segv(); }
static void* SegvThread(void* unused) { return MakePlannedCalls(), Segv(), unused; }
static void SegvInThread(void) {
  pthread_t thread;
  pthread_create(&thread, 0, SegvThread, 0), pthread_join(thread, 0);
}

static const struct {
  const char* name;
  void (*run)(void);
  int sig;  // 0: exits with 42
  int core;
} crashes[] = {
    {"SIGSEGV", Segv, SIGSEGV, 1},
    {"SIGBUS", Bus, SIGBUS, 1},
    {"jump", Jump, SIGSEGV, 1},
    {"SIGTERM", Terminate, SIGTERM, 0},
    {"abort", Abort, SIGABRT, 1},
    {"raise SIGSEGV", RaiseSegv, SIGSEGV, 1},
    {"kill SIGBUS", KillBus, SIGBUS, 1},
    {"raise SIGSYS", RaiseSys, SIGSYS, 1},
    {"raise SIGTRAP", Trap, SIGTRAP, 1},
    {"SIGSEGV blocked", SegvBlocked, SIGSEGV, 1},
    {"all blocked", SegvAllBlocked, SIGSEGV, 1},
    {"SIGBUS blocked", BusBlocked, SIGBUS, 1},
    {"SIGSEGV ignored", SegvIgnored, SIGSEGV, 1},
    {"SIGBUS ignored", BusIgnored, SIGBUS, 1},
    {"SIGSEGV blocked with a handler", BlockedWithHandler, SIGSEGV, 1},
    {"stack overflow", Overflow, SIGSEGV, 1},
    {"stack overflow, handler without a stack", OverflowWithHandler, SIGSEGV, 1},
    {"stack overflow, handler on its stack", OverflowOnAlternate, 0, 0},
    {"handler", SegvWithHandler, 0, 0},
    {"raised while blocked", SegvRaisedBlocked, 0, 0},
    {"fault in the handler", SegvInHandler, SIGSEGV, 1},
    {"in a thread", SegvInThread, SIGSEGV, 1},
};

static int Status(void (*run)(void), int limit) {
  pid_t pid = Fork();
  if (pid == 0) {
    struct rlimit core;
    getrlimit(RLIMIT_CORE, &core);
    core.rlim_cur = limit && core.rlim_max > 64 << 20 ? 64 << 20 : limit ? core.rlim_max : 0;
    setrlimit(RLIMIT_CORE, &core);
    MakePlannedCalls();
    run();
    _exit(9);
  }
  return StatusOf(pid);
}

int main(void) {
  Watchdog(30);
  char dir[] = "/tmp/abi.XXXXXX";
  CHECK(mkdtemp(dir) && chdir(dir) == 0);  // cores are left here
  int fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600);
  CHECK(fd >= 0 && ftruncate(fd, 4096) == 0);
  past_end = (char*)mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) + 4096;
  close(fd);
  for (int limit = 0; limit < 2; ++limit) {
    // Whether this machine writes cores at all is asked by a signal that nobody would touch.
    const int core = WCOREDUMP(Status(Quit, limit)) ? 0x80 : 0;
    for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); ++i) {
      check_context = crashes[i].name;
      const int status = Status(crashes[i].run, limit);
      CHECK_EQ(status, crashes[i].sig ? crashes[i].sig | (crashes[i].core ? core : 0) : 42 << 8);
    }
  }
  CHECK_EQ(system("rm -rf \"$PWD\""), 0);
  return Done();
}

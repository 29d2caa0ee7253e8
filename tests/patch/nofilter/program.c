// program LIBRARY [static]: calls newer than Linux 3.10 by libc's syscall(), by a library that is
// loaded late, in threads and fork children, with bad pointers, blocking and interrupted. What it
// prints must be the same wherever it runs, but for the last line.
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include "../../abi/planned.h"

enum { kThreads = 8, kRounds = 2000 };
typedef long SiteCall(void*, long, long);
static SiteCall* g_site;

static void Say(const char* what, long result) {
  printf("%s: %ld%s%s\n", what, result < 0 ? -1 : result, result < 0 ? " " : "",
         result < 0 ? strerror(result < -1 ? (int)-result : errno) : "");
  fflush(stdout);
}

static void* Thread(void* unused) {
  unsigned char bytes[64];
  for (int i = 0; i < kRounds; ++i) {
    MakePlannedCalls();
    memset(bytes, 0, sizeof(bytes));
    CHECK_EQ(g_site(bytes, sizeof(bytes), 0), sizeof(bytes));
  }
  return unused;
}

static void Threads(void) {
  pthread_t threads[kThreads];
  for (int i = 0; i < kThreads; ++i) CHECK_EQ(pthread_create(&threads[i], 0, Thread, 0), 0);
  for (int i = 0; i < 20; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      MakePlannedCalls();
      char bytes[16];
      _exit(g_site(bytes, sizeof(bytes), 0) == sizeof(bytes) ? 7 : 8);
    }
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 7 << 8);
  }
  for (int i = 0; i < kThreads; ++i) CHECK_EQ(pthread_join(threads[i], 0), 0);
  puts("threads and forks: done");
}

static void BadPointers(void) {
  char* const page = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(page != MAP_FAILED);
  CHECK_EQ(munmap(page + 4096, 4096), 0);
  Say("getrandom to nowhere", Getrandom((void*)8, 64));
  Say("getrandom beyond the end", Getrandom(page + 4096 - 16, 64) == 16 ? 16 : -EFAULT);
  Say("statx to nowhere", Statx(AT_FDCWD, "/", 0, (void*)(page + 4096 - 16)));
  Say("statx of a path nowhere", Statx(AT_FDCWD, (char*)16, 0, (void*)page));
  strcpy(page + 4095, "");
  Say("statx of an empty path", Statx(AT_FDCWD, page + 4095, 0, (void*)page));
  CHECK_EQ(mprotect(page, 4096, PROT_READ), 0);
  Say("getrandom to a page that is only read", Getrandom(page, 16));
  Say("statx to the same", Statx(AT_FDCWD, "/", 0, (void*)page));
  CHECK_EQ(mprotect(page, 4096, PROT_NONE), 0);
  Say("openat2 by a page that is not read", Openat2(AT_FDCWD, "/", (void*)page));
}

static volatile int g_alarms, g_fault;
static void OnAlarm(int unused) { ++g_alarms, (void)unused; }
static sigjmp_buf g_back;
static void OnFault(int signal) { g_fault = signal, siglongjmp(g_back, 1); }

static void Signals(void) {
  int ends[2];
  char byte;
  const struct iovec in = {&byte, 1};
  struct sigaction action = {.sa_handler = OnAlarm};
  CHECK_EQ(sigaction(SIGALRM, &action, 0), 0);
  CHECK_EQ(pipe(ends), 0);
  alarm(1);
  Say("preadv2 of an empty pipe, interrupted", Preadv2(ends[0], &in, 1, -1));
  const int epoll = epoll_create1(0);
  struct epoll_event event;
  const struct timespec long_time = {20, 0};
  alarm(1);
  Say("epoll_pwait2, interrupted", EpollPwait2(epoll, &event, 1, &long_time, 0));
  Say("alarms", g_alarms);
  // Its own faults are the program's, and its actions stay what it set.
  signal(SIGSEGV, OnFault);
  MakePlannedCalls();
  CHECK_ERRNO(Statx(AT_FDCWD, "/", 0, (void*)16), EFAULT);
  if (sigsetjmp(g_back, 1) == 0) *(volatile int*)16 = 1;
  Say("a fault of the program's own", g_fault);
  CHECK(signal(SIGSEGV, SIG_DFL) == OnFault);
}

static void Status(void) {
  char line[128];
  FILE* const file = fopen("/proc/self/status", "r");
  CHECK(file);
  while (fgets(line, sizeof(line), file)) {
    int value;
    if (sscanf(line, "Seccomp_filters: %d", &value) == 1) printf("filters %d ", value);
    if (sscanf(line, "NoNewPrivs: %d", &value) == 1) printf("promise %d ", value);
  }
  puts("");
}

int main(int count, char** arguments) {
  char bytes[16];
  CHECK(count == 2);
  Watchdog(60);
  void* const library = dlopen(arguments[1], RTLD_NOW);
  CHECK(library);
  g_site = (SiteCall*)dlsym(library, "Site");
  CHECK(g_site);
  Say("getrandom in the library", g_site(bytes, sizeof(bytes), 0));
  Say("getrandom in the library, bad flags", g_site(bytes, sizeof(bytes), 1 << 20));
  MakePlannedCalls();
  BadPointers();
  Signals();
  Threads();
  CHECK_EQ(dlclose(library), 0);
  void* const again = dlopen(arguments[1], RTLD_NOW);
  CHECK(again);
  Say("getrandom in the library, loaded again", ((SiteCall*)dlsym(again, "Site"))(bytes, 8, 0));
  Status();
  return Done();
}

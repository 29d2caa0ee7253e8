// with: -fnon-call-exceptions
// What unwinds the stack out of a handler that came during a patched call, all by libgcc:
// backtrace(), an exception that the handler throws, a thread that is cancelled. What comes while a
// call is made in several steps waits for their end, which looks like a signal frame. But for what
// comes in that very instant, and in abishim's own code elsewhere, some nanoseconds long, where
// libgcc finds no description: a stated limit, so of those a share is asked for, or only printed.
#include <execinfo.h>

#include "stacks.h"

namespace {

bool Find() {
  void* frames[64];
  return std::any_of(frames, frames + backtrace(frames, 64), InLoop);
}

struct Alive {
  explicit Alive(volatile int* count) : count(count) { *count = *count + 1; }
  ~Alive() { *count = *count - 1; }
  volatile int* count;
};

// An exception out of a handler, through the frames of the call that let its signal in.
struct Thrown {};
void Throw(int) { throw Thrown(); }
void Exceptions(int rounds) {
  check_context = "exceptions";
  signal(SIGUSR1, Throw);
  sigset_t own;
  sigemptyset(&own), sigaddset(&own, SIGUSR1);
  // (By a pointer that says nothing of exceptions.)
  int (*volatile change)(int, const sigset_t*, sigset_t*) = sigprocmask;
  volatile int alive = 0;
  int caught = 0;
  for (int i = 0; i < rounds; ++i) {
    sigset_t old;
    CHECK_EQ(change(SIG_BLOCK, &own, &old), 0);
    raise(SIGUSR1);
    try {
      Alive one(&alive);
      change(i % 2 ? SIG_SETMASK : SIG_UNBLOCK, i % 2 ? &old : &own, nullptr);
      CHECK(!"reached");
    } catch (const Thrown&) {
      ++caught;
    }
    CHECK_EQ(alive, 0);
    CHECK_EQ(change(SIG_UNBLOCK, &own, nullptr), 0);
  }
  CHECK_EQ(caught, rounds);
}

// A thread that is cancelled in the midst of a call that is a cancellation point: before glibc 2.41
// its signal unwinds from wherever it arrives there.
volatile int g_alive, g_started;
void* Cancelled(void*) {
  Alive one(&g_alive);
  char bytes[16];
  g_started = 1;
  for (;;) CHECK_EQ(getrandom(bytes, sizeof(bytes), 0), 16);
}
void Cancel(int rounds) {
  check_context = "cancel";
  int left = 0;
  for (int i = 0; i < rounds; ++i) {
    pthread_t thread;
    g_alive = g_started = 0;
    CHECK_EQ(pthread_create(&thread, nullptr, Cancelled, nullptr), 0);
    while (g_started == 0) sched_yield();
    usleep(300);
    CHECK_EQ(pthread_cancel(thread), 0);
    void* result;
    CHECK_EQ(pthread_join(thread, &result), 0);
    CHECK(result == PTHREAD_CANCELED);
    left += g_alive;
  }
  if (left != 0) printf("%d of %d threads cancelled without their destructors\n", left, rounds);
  CHECK(left * 100 <= rounds * 20);
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 2 ? atof(argv[2]) : 3;
  const bool patched = IsPatchedWay(argc, argv);
  Watchdog(static_cast<int>(seconds) + 60);
  void* frames[4];
  backtrace(frames, 4);  // loads libgcc
  Begin(Find);
  Stacks("in the program", 2, seconds / 3, 99);
  Stacks("in several steps", 1, seconds / 3, patched ? 80 : 99);
  Stacks("in one", 0, seconds / 3, patched ? 0 : 99);
  Exceptions(200);
  Cancel(200);
  fflush(stdout);
  return Done();
}

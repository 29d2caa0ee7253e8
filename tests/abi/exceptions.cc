// libc: glibc
// flags: -fnon-call-exceptions
// C++ exceptions: thrown out of a SIGSEGV handler, through frames that hold what planned calls
// made, and in threads.
#include <stdexcept>
#include <string>

extern "C" {
#include "planned.h"
}

namespace {

struct Fault {
  void* at;
};

void OnFault(int, siginfo_t* info, void*) {
  MakePlannedCalls();
  sigset_t mask;
  sigemptyset(&mask), sigaddset(&mask, SIGSEGV);
  sigprocmask(SIG_UNBLOCK, &mask, nullptr);
  throw Fault{info->si_addr};
}

struct Counts {
  explicit Counts(int* count) : count(count) { ++*count; }
  ~Counts() {
    MakePlannedCalls();
    --*count;
  }
  int* count;
};

[[gnu::noinline]] int Read(volatile int* at, int* alive) {
  Counts counts(alive);
  MakePlannedCalls();
  return *at;
}

void* Throw(void* argument) {
  for (long i = 1; i <= 50; ++i) {
    int alive = 0;
    auto* at = reinterpret_cast<volatile int*>(i * 8);
    try {
      Read(at, &alive);
      CHECK(!"reached");
    } catch (const Fault& fault) {
      CHECK_EQ(fault.at, at);
    }
    CHECK_EQ(alive, 0);
    CHECK_EQ(Mask(), 0);
    try {
      Counts counts(&alive);
      throw std::runtime_error(std::string(100, 'x'));
    } catch (const std::exception& error) {
      CHECK_EQ(std::string(error.what()).size(), 100);
    }
    CHECK_EQ(alive, 0);
  }
  return argument;
}

}  // namespace

int main() {
  Watchdog(20);
  Handle(SIGSEGV, OnFault, 0);
  Throw(nullptr);
  pthread_t thread;
  CHECK_EQ(pthread_create(&thread, nullptr, Throw, nullptr), 0);
  CHECK_EQ(pthread_join(thread, nullptr), 0);
  return Done();
}

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "tests/support/asleep.h"
#include "tests/support/oracle.h"

namespace abishim::test {
namespace {

constexpr unsigned kFlags = 2 | 128;  // FUTEX2_SIZE_U32 | FUTEX2_PRIVATE

long Ours(const Args& args) { return Translated(translate::futex_wait, args); }

// A word that somebody wakes the waiters of all the time.
class Woken {
 public:
  Woken()
      : thread_([this] {
          while (!done_) {
            syscall(SYS_futex, &word_, FUTEX_WAKE_PRIVATE, INT_MAX);
            syscall(SYS_futex, &word_, FUTEX_WAKE, INT_MAX);
            usleep(30);
          }
        }) {}
  ~Woken() {
    done_ = true;
    thread_.join();
  }
  Word address() { return Address(&word_); }

 private:
  std::atomic<unsigned> word_ = 7;
  std::atomic<bool> done_ = false;
  std::thread thread_;
};

timespec After(int clock, long nanoseconds) {
  timespec time;
  clock_gettime(clock, &time);
  time.tv_nsec += nanoseconds;
  time.tv_sec += time.tv_nsec / 1'000'000'000;
  time.tv_nsec %= 1'000'000'000;
  return time;
}

TEST(FutexWait, AgreesWithTheKernel) {
  Woken woken;
  unsigned alone =
      7;  // where the time is over at once, a waker may still come before the kernel looks
  Shares shares("futex_wait");
  for (int i = 0; i < 2000; ++i) {
    const auto rarely = [] { return RandomInt(0, 19) == 0; };
    Word address = woken.address(), value = 7, mask = RandomOf<Word>({0xffffffff, 1, 6});
    if (rarely()) address = RandomOf({Word{0}, BadPointer(), KernelPointer(), Word{1}});
    if (rarely()) value = RandomOf<Word>({8, 0, Word{1} << 32 | 7, ~Word{0}});
    if (rarely()) mask = RandomOf<Word>({0, Word{1} << 32, ~Word{0}});
    unsigned flags = RandomOf({kFlags, 2u});
    if (rarely()) flags = RandomOf({0u, 1u, 3u, 128u, 129u, 131u, 0x12u, 0x100u, ~0u});
    int clock = RandomOf({CLOCK_MONOTONIC, CLOCK_REALTIME});
    timespec time = After(clock, 3'000'000'000);
    Word timeout = RandomInt(0, 2) != 0 ? Address(&time) : 0;
    if (rarely()) {
      time = {};
      timeout = Address(&time);
      address = Address(&alone);
    }
    if (rarely()) time = RandomOf<timespec>({{-1, 0}, {0, 1'000'000'000}, {0, -1}});
    if (rarely()) timeout = RandomOf({BadPointer(), KernelPointer()});
    if (rarely()) clock = RandomOf({-1, 2, 4, 7, 11, 100});
    const Args args =
        Make(address, value, mask, Dirty(static_cast<int>(flags)), timeout, Dirty(clock));
    const long expected = Native<"futex_wait">(args);
    shares.Count(expected);
    ASSERT_EQ(ErrnoName(Ours(args)), ErrnoName(expected))
        << "address " << address << " value " << value << " mask " << mask << " flags " << flags
        << " timeout " << timeout << " " << time.tv_sec << "." << time.tv_nsec << " clock "
        << clock;
  }
}

// It waits as long as it is told to, by the clock that it is told.
TEST(FutexWait, WaitsUntilThen) {
  unsigned word = 7;
  for (const int clock : {CLOCK_MONOTONIC, CLOCK_REALTIME}) {
    const timespec until = After(clock, 30'000'000);
    EXPECT_EQ(Ours(Make(Address(&word), 7, 1, kFlags, Address(&until), clock)), -ETIMEDOUT);
    const timespec now = After(clock, 0);
    EXPECT_TRUE(now.tv_sec > until.tv_sec ||
                (now.tv_sec == until.tv_sec && now.tv_nsec >= until.tv_nsec));
  }
}

// Not in the translation, which runs in a signal handler: the program's own instruction waits.
TEST(FutexWait, IsReexecuted) {
  unsigned word = 7;
  const Result result = Translate(translate::futex_wait, Make(Address(&word), 7, 1, kFlags, 0, 0));
  EXPECT_TRUE(result.again);
  EXPECT_EQ(result.value, SYS_futex);
}

std::atomic<int> g_handled;

// A signal comes, then whoever still waits is woken. Without a timeout both kinds of call
// are restarted; with one ours is not: what `loses` says.
long InterruptedBy(bool restart, bool limited, bool natively) {
  struct sigaction action = {}, before;
  action.sa_handler = [](int) { ++g_handled; };
  action.sa_flags = restart ? SA_RESTART : 0;
  sigaction(SIGUSR1, &action, &before);
  unsigned word = 7;
  g_handled = 0;
  const pid_t waiter = gettid();
  std::thread other([&] {
    AwaitSleep(waiter);
    tgkill(getpid(), waiter, SIGUSR1);
    // In the call again, or out of it: both sleep.
    while (g_handled == 0) usleep(1000);
    AwaitSleep(waiter);
    syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT_MAX);
  });
  const timespec until = After(CLOCK_MONOTONIC, 5'000'000'000);
  const Args args =
      Make(Address(&word), 7, 1, kFlags, limited ? Address(&until) : 0, CLOCK_MONOTONIC);
  const long result = natively ? Native<"futex_wait">(args) : Ours(args);
  other.join();
  EXPECT_EQ(g_handled, 1);
  sigaction(SIGUSR1, &before, nullptr);
  return result;
}

TEST(FutexWait, Signals) {
  for (const bool natively : {true, false}) {
    EXPECT_EQ(InterruptedBy(true, false, natively), 0);
    EXPECT_EQ(InterruptedBy(false, false, natively), -EINTR);
    EXPECT_EQ(InterruptedBy(false, true, natively), -EINTR);
    EXPECT_EQ(InterruptedBy(true, true, natively), natively ? 0 : -EINTR);
  }
}

TEST(FutexWait, NumaIsRefused) {
  unsigned word[2] = {7, 0};
  for (const unsigned flags : {2u | 4u, 2u | 8u}) {
    EXPECT_EQ(Ours(Make(Address(word), 8, 1, flags, 0, 0)), -EINVAL);
  }
}

}  // namespace
}  // namespace abishim::test

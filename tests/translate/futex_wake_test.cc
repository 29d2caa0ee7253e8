#include "tests/support/futexes.h"

namespace abishim::test {
namespace {

TEST(FutexWake, AgreesWithTheKernel) {
  FutexWaiters native, ours;
  Shares shares("futex_wake");
  for (int i = 0; i < 2000; ++i) {
    const auto rarely = [] { return RandomInt(0, 19) == 0; };
    Word mask = RandomOf<Word>({0xffffffff, 1, 2, 3, 4, 8, 7});
    if (rarely()) mask = RandomOf<Word>({0, Word{1} << 32, ~Word{0}});
    int count = RandomOf({0, 1, 2, 3, 100, 0x7fffffff});
    if (rarely()) count = RandomOf<int>({-1, 1 << 31});
    unsigned flags = FutexWaiters::kFlags;
    if (rarely()) flags = RandomOf({0u, 1u, 3u, 128u, 129u, 131u, 0x12u, 0x100u, ~0u, 2u});
    const Word odd = rarely() ? RandomOf({Word{0}, BadPointer(), KernelPointer(), Word{1}}) : 0;
    const bool misplaced = rarely();
    const auto arguments = [&](FutexWaiters& waiters) {
      waiters.AllWait();
      return Make(misplaced ? odd : waiters.address(), mask, Dirty(count),
                  Dirty(static_cast<int>(flags)));
    };
    const long expected = Native<"futex_wake">(arguments(native));
    shares.Count(expected);
    ASSERT_EQ(ErrnoName(Translated(translate::futex_wake, arguments(ours))), ErrnoName(expected))
        << "mask " << mask << " count " << count << " flags " << flags << " odd " << odd;
  }
}

// Not only the number of those who woke, but which ones.
TEST(FutexWake, WakesByTheMask) {
  FutexWaiters waiters;
  for (int i = 0; i < FutexWaiters::kThreads; ++i) {
    waiters.AllWait();
    const int before = waiters.Wakes(i);
    const Args args = Make(waiters.address(), Word{1} << i, 100, FutexWaiters::kFlags);
    EXPECT_EQ(Translated(translate::futex_wake, args), 1);
    waiters.AllWait();
    EXPECT_EQ(waiters.Wakes(i), before + 1);
  }
}

// For a shared futex the kernel looks for the page, for a private one it does not.
TEST(FutexWake, NobodyAndNowhere) {
  for (const unsigned flags : {2u, 130u}) {
    for (const int count : {0, 1}) {
      for (const Word address : {BadPointer(), ReadOnlyPointer(), Word{4096}, KernelPointer()}) {
        const Args args = Make(address, 1, count, flags);
        EXPECT_EQ(ErrnoName(Translated(translate::futex_wake, args)),
                  ErrnoName(Native<"futex_wake">(args)))
            << std::hex << address << " flags " << flags << " count " << count;
      }
    }
  }
}

// What `loses` says: natively these are known since 6.16.
TEST(FutexWake, NumaIsRefused) {
  unsigned word[2] = {};
  for (const unsigned flags : {2u | 4u, 2u | 8u, 2u | 4u | 8u | 128u}) {
    EXPECT_EQ(Translated(translate::futex_wake, Make(Address(word), 1, 1, flags)), -EINVAL);
  }
}

}  // namespace
}  // namespace abishim::test

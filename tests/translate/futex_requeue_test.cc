#include <string.h>

#include "tests/support/futexes.h"

namespace abishim::test {
namespace {

struct Futex {  // struct futex_waitv
  Word value, address;
  unsigned flags, reserved;
};

TEST(FutexRequeue, AgreesWithTheKernel) {
  FutexWaiters native, ours;
  Shares shares("futex_requeue");
  for (int i = 0; i < 2000; ++i) {
    const auto rarely = [] { return RandomInt(0, 19) == 0; };
    Futex of[2] = {{0, 0, FutexWaiters::kFlags, 0}, {0, 0, FutexWaiters::kFlags, 0}};
    Futex& odd = of[RandomInt(0, 1)];
    if (rarely()) odd.flags = RandomOf({0u, 1u, 3u, 128u, 131u, 0x12u, 0x100u, ~0u});
    if (rarely()) odd.value = RandomOf<Word>({1, 0xffffffff, Word{1} << 32, ~Word{0}});
    if (rarely()) odd.reserved = 1;
    const Word bad = rarely() ? RandomOf({Word{0}, BadPointer(), KernelPointer(), Word{1}}) : 0;
    const bool misplaced = rarely();
    int wake = RandomOf({0, 0, 1, 2, 100}), move = RandomOf({0, 1, 2, 100, 0x7fffffff});
    if (rarely()) wake = RandomOf<int>({-1, 1 << 31});
    if (rarely()) move = RandomOf<int>({-1, 1 << 31});
    const int flags = rarely() ? RandomOf({1, 2, 128, -1}) : 0;
    const bool elsewhere = rarely();
    const auto call = [&](FutexWaiters& waiters, bool natively) {
      waiters.AllWait();
      of[0].address = waiters.address();
      of[1].address = waiters.other();
      if (misplaced) odd.address = bad;
      AtPageEnd end(sizeof of);
      memcpy(end.data(), of, sizeof of);
      const Args args =
          Make(elsewhere ? bad : Address(end.data()), Dirty(flags), Dirty(wake), Dirty(move));
      const long result =
          natively ? Native<"futex_requeue">(args) : Translated(translate::futex_requeue, args);
      // A private futex need not exist to be moved to.
      if (misplaced) waiters.WakeAt(bad);
      return result;
    };
    const long expected = call(native, true);
    const int moved = native.WaitElsewhere();
    shares.Count(expected);
    ASSERT_EQ(ErrnoName(call(ours, false)), ErrnoName(expected))
        << "wake " << wake << " move " << move << " flags " << of[0].flags << " " << of[1].flags
        << " values " << of[0].value << " " << of[1].value << " bad " << bad;
    ASSERT_EQ(ours.WaitElsewhere(), moved) << "wake " << wake << " move " << move;
  }
}

TEST(FutexRequeue, NotFromPrivateToShared) {
  FutexWaiters waiters;
  waiters.AllWait();
  const Futex of[2] = {{0, waiters.address(), 2 | 128, 0}, {0, waiters.other(), 2, 0}};
  EXPECT_EQ(Native<"futex_requeue">(Make(Address(of), 0, 0, 9)), -EINVAL);
  EXPECT_EQ(Translated(translate::futex_requeue, Make(Address(of), 0, 0, 9)), -EINVAL);
}

}  // namespace
}  // namespace abishim::test

#include <string.h>

#include "tests/support/oracle.h"
#include "tests/support/scheduled.h"

namespace abishim::test {
namespace {

constexpr unsigned kFirstSize = 48, kSizeWithClamps = 56;

// What the row's `loses` allows, by field. Nothing else may differ.
void ForgetWhatIsLost(Attributes* native) {
  if (native->size == kSizeWithClamps) native->size = kFirstSize;
  native->runtime = 0;  // the slice of time, shown since 6.12
  native->lowest = native->highest = 0;
}

TEST(SchedGetattr, AgreesWithTheKernel) {
  const Scheduled process;
  Shares shares("sched_getattr");
  for (int i = 0; i < 2000; ++i) {
    const auto rarely = [] { return RandomInt(0, 19) == 0; };
    if (i % 10 == 0) {
      const int policy = RandomOf({SCHED_OTHER, SCHED_FIFO, SCHED_RR, 3, 5});
      const bool real_time = policy == SCHED_FIFO || policy == SCHED_RR;
      process.Be(policy | RandomOf({0, 0x40000000}), real_time ? RandomInt(1, 99) : 0,
                 RandomInt(-20, 19));
    }
    Attributes native, ours;
    memset(&native, 'x', sizeof native);
    ours = native;
    unsigned size = RandomOf({kFirstSize, kSizeWithClamps, 64u});
    if (rarely()) size = RandomOf({0u, 47u, 4097u, ~0u});
    const int flags = rarely() ? RandomOf({1, -1}) : 0;
    int pid = RandomInt(0, 3) == 0 ? 0 : process.pid();
    if (rarely()) pid = RandomOf<int>({-1, 1 << 30, 1 << 31});
    const Word odd =
        rarely() ? RandomOf({Word{0}, BadPointer(), ReadOnlyPointer(), KernelPointer()}) : 1;
    const auto arguments = [&](Attributes* out) {
      return Make(Dirty(pid), odd != 1 ? odd : Address(out), Dirty(static_cast<int>(size)),
                  Dirty(flags));
    };
    const long expected = Native<"sched_getattr">(arguments(&native));
    shares.Count(expected);
    ASSERT_EQ(Translated(translate::sched_getattr, arguments(&ours)), expected)
        << "size " << size << " flags " << flags << " pid " << pid;
    if (expected == 0) ForgetWhatIsLost(&native);
    if (expected == 0 && size < sizeof ours) native.later = ours.later;
    if (expected == 0 && size == kFirstSize) ours.lowest = ours.highest = 0;
    ASSERT_EQ(memcmp(&native, &ours, sizeof ours), 0) << "size " << size << " pid " << pid;
  }
}

// Not one byte more than was asked for, and zeros behind what is known.
TEST(SchedGetattr, HowMuchIsWritten) {
  for (const unsigned size : {48u, 56u, 100u, 4096u}) {
    const AtPageEnd out(size);
    memset(out.data(), 'x', size);
    EXPECT_EQ(Translated(translate::sched_getattr, Make(0, Address(out.data()), size, 0)), 0);
    for (unsigned i = kFirstSize; i < size; ++i) ASSERT_EQ(out.data()[i], 0) << i;
    const AtPageEnd shorter(size - 1);
    memset(shorter.data(), 'x', size - 1);
    EXPECT_EQ(Translated(translate::sched_getattr, Make(0, Address(shorter.data()), size, 0)),
              -EFAULT);
  }
}

}  // namespace
}  // namespace abishim::test

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/check_in_child.h"
#include "tests/support/oracle.h"

namespace abishim::test {
namespace {

// What is another each time: the clock itself.
void ForgetTheTime(timex* state) { state->time = {}; }

long Ours(const Args& args) { return Translated(translate::clock_adjtime, args); }

// Questions only: the machine's clock is nobody's to set here.
TEST(ClockAdjtime, AgreesWithTheKernel) {
  Shares shares("clock_adjtime");
  for (int i = 0; i < 2000; ++i) {
    const auto rarely = [] { return RandomInt(0, 15) == 0; };
    const int clock = RandomInt(0, 3) != 0 ? CLOCK_REALTIME : RandomInt(-9, 15);
    timex native, ours;
    memset(&native, RandomInt(0, 255), sizeof native);
    native.modes = rarely() ? ADJ_OFFSET_SS_READ : 0;
    ours = native;
    const Word odd = rarely() ? RandomOf({Word{0}, BadPointer(), KernelPointer()}) : 1;
    const auto arguments = [&](timex* state) {
      return Make(Dirty(clock), odd != 1 ? odd : Address(state));
    };
    const long expected = Native<"clock_adjtime">(arguments(&native));
    shares.Count(expected);
    ASSERT_EQ(ErrnoName(Ours(arguments(&ours))), ErrnoName(expected)) << "clock " << clock;
    ForgetTheTime(&native);
    ForgetTheTime(&ours);
    ASSERT_EQ(memcmp(&native, &ours, sizeof ours), 0) << "clock " << clock;
  }
}

// Setting is asked for by one who may not.
TEST(ClockAdjtime, NobodyMaySet) {
  CheckInChild([] {
    ASSERT_EQ(setresgid(65534, 65534, 65534) + setresuid(65534, 65534, 65534), 0);
    for (const unsigned modes : {ADJ_OFFSET, ADJ_FREQUENCY, ADJ_STATUS, ADJ_TICK, ADJ_SETOFFSET,
                                 ADJ_OFFSET_SINGLESHOT, 0xffff}) {
      for (const int clock : {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_TAI, 10, 100}) {
        timex native = {}, ours = {};
        native.modes = ours.modes = modes;
        EXPECT_EQ(ErrnoName(Ours(Make(clock, Address(&ours)))),
                  ErrnoName(Native<"clock_adjtime">(Make(clock, Address(&native)))))
            << "modes " << modes << " clock " << clock;
      }
    }
  });
}

// A clock by descriptor, of which a host without the call has none.
TEST(ClockAdjtime, ClockOfADescriptor) {
  const int fd = open("/dev/null", O_RDWR);
  const int clock = static_cast<int>(~static_cast<unsigned>(fd) << 3 | 3);
  timex state = {};
  EXPECT_EQ(Native<"clock_adjtime">(Make(clock, Address(&state))), -EINVAL);
  EXPECT_EQ(Ours(Make(clock, Address(&state))), -EINVAL);
  close(fd);
}

}  // namespace
}  // namespace abishim::test

#include <sched.h>
#include <string.h>

#include "tests/support/oracle.h"

namespace abishim::test {
namespace {

// A CPU number is only the same twice where the thread may not move.
class Getcpu : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(sched_getaffinity(0, sizeof all_, &all_), 0); }
  void TearDown() override { sched_setaffinity(0, sizeof all_, &all_); }
  void StayOn(int cpu) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  }
  cpu_set_t all_;
};

TEST_F(Getcpu, AgreesWithTheKernel) {
  Shares shares("getcpu");
  for (int i = 0; i < 2000; ++i) {
    int cpu;
    do cpu = RandomInt(0, CPU_SETSIZE - 1) % 64;
    while (!CPU_ISSET(cpu, &all_));
    if (i % 50 == 0) StayOn(cpu);
    const auto place = [](unsigned* to) {
      const Word odd[] = {0, BadPointer(), ReadOnlyPointer(), KernelPointer()};
      return RandomInt(0, 9) == 0 ? RandomOf(odd) : Address(to);
    };
    unsigned native[2] = {77, 77}, ours[2] = {77, 77};
    Args args = Make(place(&native[0]), place(&native[1]), RandomOf({Word{0}, BadPointer()}));
    const long expected = Native<"getcpu">(args);
    shares.Count(expected);
    for (int k = 0; k < 2; ++k) {
      if (args[k] == Address(&native[k])) args.word[k] = Address(&ours[k]);
    }
    ASSERT_EQ(Translated(translate::getcpu, args), expected);
    ASSERT_EQ(memcmp(native, ours, sizeof ours), 0);
  }
}

TEST_F(Getcpu, OnEachCpu) {
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &all_)) continue;
    StayOn(cpu);
    unsigned is = 77;
    EXPECT_EQ(Translated(translate::getcpu, Make(Address(&is), 0, 0)), 0);
    EXPECT_EQ(is, static_cast<unsigned>(cpu));
  }
}

}  // namespace
}  // namespace abishim::test

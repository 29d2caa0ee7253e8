#include <errno.h>
#include <string.h>

#include "tests/support/check_in_child.h"
#include "tests/support/oracle.h"
#include "tests/support/scheduled.h"

namespace abishim::test {
namespace {

constexpr unsigned kFirstSize = 48, kSizeWithClamps = 56;
constexpr int kBatch = 3, kIdle = 5, kResetOnFork = 0x40000000;

bool Rarely() { return RandomInt(0, 19) == 0; }

Attributes RandomAttributes() {
  Attributes wanted = {};
  wanted.size = RandomOf({0u, kFirstSize, kSizeWithClamps, 64u});
  if (Rarely()) wanted.size = RandomOf({1u, 47u, 49u, 55u, 57u, 4096u, 4097u, ~0u});
  wanted.policy =
      RandomOf<unsigned>({SCHED_OTHER, SCHED_OTHER, SCHED_FIFO, SCHED_RR, kBatch, kIdle});
  if (Rarely()) wanted.policy = RandomOf({4u, 8u, 100u, 1u << 30, 1u << 31, ~0u});
  const bool real_time = wanted.policy == SCHED_FIFO || wanted.policy == SCHED_RR;
  wanted.priority = real_time ? static_cast<unsigned>(RandomInt(1, 99)) : 0;
  if (Rarely()) wanted.priority = RandomOf({0u, 1u, 99u, 100u, ~0u});
  wanted.nice = RandomInt(-22, 22);
  if (RandomInt(0, 4) == 0) wanted.flags = 1;
  if (Rarely()) wanted.flags = RandomOf({0x80ul, 1ul << 29, 1ul << 32, 1ul << 63});
  if (Rarely()) wanted.later = 1;
  return wanted;
}

// What `loses` allows: the size that is told after E2BIG is that of Linux 3.14.
void ForgetTheSize(Attributes* native, const Attributes& ours) {
  if (native->size == kSizeWithClamps && ours.size == kFirstSize) native->size = kFirstSize;
}

struct Input {
  Attributes wanted = RandomAttributes();
  int flags = Rarely() ? RandomOf({1, -1}) : 0;
  int bad_pid = Rarely() ? RandomOf<int>({-1, 1 << 30, 1 << 31}) : 0;
  Word odd = Rarely() ? RandomOf({Word{0}, BadPointer(), KernelPointer()}) : 1;

  Args Arguments(const Scheduled& process, Attributes* in) const {
    return Make(Dirty(bad_pid != 0 ? bad_pid : process.pid()), odd != 1 ? odd : Address(in),
                Dirty(flags));
  }
  std::string Text() const {
    return "size " + std::to_string(wanted.size) + " policy " + std::to_string(wanted.policy) +
           " flags " + std::to_string(wanted.flags) + " nice " + std::to_string(wanted.nice) +
           " priority " + std::to_string(wanted.priority) + " pid " + std::to_string(bad_pid);
  }
};

// Whoever runs this: each time both processes are first made the same.
void Compare(const Scheduled& native, const Scheduled& ours, Shares* shares, int rounds) {
  for (int i = 0; i < rounds; ++i) {
    const Input input;
    Attributes in[2] = {input.wanted, input.wanted};
    const long expected = Native<"sched_setattr">(input.Arguments(native, &in[0]));
    if (shares != nullptr) shares->Count(expected);
    const long result = Translated(translate::sched_setattr, input.Arguments(ours, &in[1]));
    ASSERT_EQ(ErrnoName(result), ErrnoName(expected)) << input.Text();
    ForgetTheSize(&in[0], in[1]);
    ASSERT_EQ(memcmp(&in[0], &in[1], sizeof in[0]), 0) << input.Text();
    ASSERT_EQ(ours.Is(), native.Is()) << input.Text();
  }
}

TEST(SchedSetattr, AgreesWithTheKernel) {
  const Scheduled native, ours;
  Shares shares("sched_setattr");
  Compare(native, ours, &shares, 2000);
}

// What a user may raise, he may by these limits, and never of another's process.
TEST(SchedSetattr, AsNobody) {
  for (const rlim_t limit : {0, 15}) {
    CheckInChild([&] {
      const rlimit both{limit, limit};
      if (setrlimit(RLIMIT_NICE, &both) + setrlimit(RLIMIT_RTPRIO, &both) != 0) {
        printf("not run with limits of %lu: they may not be raised here\n", limit);
        return;
      }
      const Scheduled of_root, of_root_too;
      ASSERT_EQ(setresgid(65534, 65534, 65534) + setresuid(65534, 65534, 65534), 0);
      Compare(of_root, of_root_too, nullptr, 300);
      for (int i = 0; i < 40; ++i) {
        const Scheduled native, ours;
        Compare(native, ours, nullptr, 15);
      }
    });
  }
}

// A user who may leave a policy but not lower the nice value: nothing may have happened.
TEST(SchedSetattr, NothingStaysOfWhatFails) {
  CheckInChild([] {
    const Scheduled native, ours;
    for (const Scheduled* process : {&native, &ours}) process->Be(SCHED_RR, 7, 5);
    const rlimit none{0, 0};
    ASSERT_EQ(setrlimit(RLIMIT_NICE, &none) + setrlimit(RLIMIT_RTPRIO, &none), 0);
    ASSERT_EQ(setresgid(65534, 65534, 65534) + setresuid(65534, 65534, 65534), 0);
    const std::string before = ours.Is();
    for (const int nice : {-5, 5, 10}) {
      Attributes wanted = {};
      wanted.nice = nice;
      EXPECT_EQ(Native<"sched_setattr">(Make(native.pid(), Address(&wanted), 0)), -EPERM);
      EXPECT_EQ(Translated(translate::sched_setattr, Make(ours.pid(), Address(&wanted), 0)),
                -EPERM);
      EXPECT_EQ(ours.Is(), before);
    }
  });
}

// The calling thread itself, by 0.
TEST(SchedSetattr, Oneself) {
  CheckInChild([] {
    Attributes wanted = {};
    wanted.policy = kBatch;
    wanted.flags = 1;
    wanted.nice = 11;
    EXPECT_EQ(Translated(translate::sched_setattr, Make(0, Address(&wanted), 0)), 0);
    EXPECT_EQ(sched_getscheduler(0), kBatch | kResetOnFork);
    EXPECT_EQ(getpriority(PRIO_PROCESS, 0), 11);
  });
}

// What `loses` says.
TEST(SchedSetattr, WhatIsRefused) {
  const Scheduled process;
  const std::string before = process.Is();
  const auto refuse = [&](const Attributes& wanted, long expected) {
    Attributes in = wanted;
    EXPECT_EQ(Translated(translate::sched_setattr, Make(process.pid(), Address(&in), 0)), expected);
    EXPECT_EQ(process.Is(), before);
  };
  Attributes deadline = {};
  deadline.policy = 6;
  deadline.runtime = 10'000'000;
  deadline.deadline = deadline.period = 100'000'000;
  refuse(deadline, -EINVAL);
  Attributes extensible = {};
  extensible.policy = 7;
  refuse(extensible, -EINVAL);
  for (const unsigned long flag : {2, 4, 8, 16, 32, 64, 1 << 28}) {
    Attributes flagged = {};
    flagged.size = kSizeWithClamps;
    flagged.flags = flag;
    refuse(flagged, -EINVAL);
  }
  Attributes clamped = {};
  clamped.size = kSizeWithClamps;
  clamped.highest = 512;
  refuse(clamped, -E2BIG);
}

}  // namespace
}  // namespace abishim::test

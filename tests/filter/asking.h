// Asking a kernel as the image does, in this process or in a child, whose memory may be the same.
#pragma once

#include <errno.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <string>

#include "shim/plan/plan.h"
#include "shim/plan/probe.h"
#include "tests/filter/child.h"
#include "tests/support/oracle.h"

namespace abishim::test {

inline constexpr int kFchmodat2 = NumberOf("fchmodat2");  // newer than the headers of Debian 12

inline std::string Nr(int nr) {
  for (const Row& row : kSyscalls) {
    if (arch::NumberIn(row.nr) == nr) return std::string(row.name);
  }
  return std::to_string(nr);
}

struct Asking : Answers {
  long result;
};
inline int g_spawned = 0;  // children in the same memory

// As the image does it; libc's clone takes its arguments in another order.
inline long SpawnByClone(long flags, void* stack_top, void (*function)(void*), void* argument,
                         int*) {
  struct Child {
    void (*function)(void*);
    void* argument;
  } child{function, argument};
  const auto run = [](void* at) {
    const auto [function, argument] = *static_cast<Child*>(at);
    function(argument);
    return 0;
  };
  ++g_spawned;
  const int id = clone(run, stack_top, static_cast<int>(flags), &child);
  return id < 0 ? -errno : id;
}
// Whether a child in the same memory asks, where one has to.
inline bool g_share = false;
class ProbeInChild : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override { g_share = GetParam(); }
  void TearDown() override { g_share = false; }
};

inline Asking Ask(RawCall call = Raw) {
  Asking answers;
  answers.result = Probe(call, &answers, false, g_share ? SpawnByClone : nullptr);
  return answers;
}

}  // namespace abishim::test

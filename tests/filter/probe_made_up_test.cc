// The probe against kernels made up.
#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <map>
#include <vector>

#include "shim/plan/asked.h"
#include "tests/filter/asking.h"

namespace abishim::test {
namespace {

// A kernel made up: what it says to each number, and the calls it saw.
struct Made {
  std::map<long, long> says;
  std::vector<std::vector<long>> saw;
} g_made;

long MadeUp(long nr, long a, long b, long c, long d, long e, long f) {
  g_made.saw.push_back({nr, a, b, c, d, e, f});
  if (nr == SYS_prctl) return 0;  // no filter
  if (nr == SYS_getrandom && g_made.says.count(nr) == 0) return 0;
  return g_made.says.count(nr) != 0 ? g_made.says[nr] : -EINVAL;
}

Asking AskMadeUp(std::map<long, long> says) {
  g_made = {std::move(says), {}};
  return Ask(MadeUp);
}

TEST(Probe, AsksHarmlesslyAndOnlyWhatMayChangeThePlan) {
  size_t translated = 0, minor = 0, older = 0;
  for (const Asked& row : kAsked) {
    translated += row.translated && !row.older;
    minor += row.minor;
    older += row.translated && row.older;
  }
  EXPECT_GT(minor, 0u);
  EXPECT_GT(older, 0u);
  g_made = {};
  Answers unused;
  Probe(MadeUp, &unused, true);
  EXPECT_EQ(g_made.saw.size(), translated - minor + older + 1);
  AskMadeUp({});
  EXPECT_EQ(g_made.saw.size(), translated - minor + 1) << "minor rows or flags asked for nothing";
  AskMadeUp({{kFchmodat2, -ENOSYS}});
  EXPECT_EQ(g_made.saw.size(), translated + CountAskedFlags() + 1);
  g_made.saw.resize(translated + 1);
  for (const auto& call : g_made.saw) {
    ASSERT_NE(call[0], 335);
    ASSERT_NE(call[0], 336);
    if (call[0] == SYS_prctl) continue;
    if (call[0] == SYS_getrandom) {
      EXPECT_EQ(call, (std::vector<long>{SYS_getrandom, 0, 0, 1, 0, 0, 0}));
      continue;
    }
    EXPECT_EQ(call, (std::vector<long>{call[0], -1, -1, -1, -1, -1, -1}));
  }
}

// What every modern host lacks is planned for those who may call it, and for nobody else.
TEST(Probe, RemovedCallsAreMissedByOlderUserSpacesOnly) {
  const std::map<long, long> lacks = {{SYS__sysctl, -ENOSYS}, {SYS_sysfs, -ENOSYS}};
  for (const bool older : {false, true}) {
    g_made = {lacks, {}};
    Answers answers;
    ASSERT_EQ(Probe(MadeUp, &answers, older), 0);
    const Plan plan = MakePlan(answers, Policy::kTranslate);
    EXPECT_EQ(plan.empty, !older);
    EXPECT_EQ(plan.verdict[SYS__sysctl], older ? Verdict::kTranslate : Verdict::kPass);
    EXPECT_EQ(plan.verdict[SYS_sysfs], older ? Verdict::kTranslate : Verdict::kPass);
    EXPECT_EQ(plan.verdict[SYS_ustat], Verdict::kPass) << "the host has it";
    EXPECT_TRUE(MakePlan(answers, Policy::kRepair).empty);
  }
}

TEST(Probe, AnotherCallSitsAtTheNumber) {
  const Asking answers = AskMadeUp({{SYS_close_range, SYS_close_range},  // its own number
                                    {SYS_memfd_create, 3},
                                    {SYS_openat2, -ENOTTY},
                                    {SYS_faccessat2, 0},
                                    {SYS_statx, -EPERM},
                                    {SYS_getrandom, -EAGAIN}});
  for (const int nr : {SYS_close_range, SYS_memfd_create, SYS_openat2, SYS_faccessat2}) {
    EXPECT_EQ(answers.of[nr], Answer::kWrong) << Nr(nr);
    EXPECT_EQ(MakePlan(answers, Policy::kTranslate).verdict[nr], Verdict::kTranslate);
    EXPECT_EQ(MakePlan(answers, Policy::kRepair).verdict[nr], Verdict::kRepair);
  }
  EXPECT_EQ(answers.of[SYS_statx], Answer::kWorks) << "EPERM without a filter is the kernel's own";
  EXPECT_EQ(answers.of[SYS_getrandom], Answer::kWorks);
}

TEST(Probe, Rhel7IsAskedFirstButNotTrusted) {
  const Asking answers = AskMadeUp({{SYS_statx, -ENOSYS}, {SYS_preadv2, -ENOSYS}});
  const Plan plan = MakePlan(answers, Policy::kTranslate);
  EXPECT_EQ(plan.verdict[SYS_copy_file_range], Verdict::kTranslate);
  EXPECT_TRUE(plan.host_has[SYS_copy_file_range]);
  EXPECT_FALSE(plan.host_has[SYS_statx]);
  const Plan older = MakePlan(AskMadeUp({{SYS_statx, -ENOSYS}, {SYS_copy_file_range, -ENOSYS}}),
                              Policy::kTranslate);
  EXPECT_EQ(older.verdict[SYS_copy_file_range], Verdict::kTranslate);
  EXPECT_FALSE(older.host_has[SYS_copy_file_range]);
  const Plan newer = MakePlan(AskMadeUp({{SYS_openat2, -ENOSYS}}), Policy::kTranslate);
  EXPECT_EQ(newer.verdict[SYS_copy_file_range], Verdict::kPass);
}

// Linux 6.12 lacks minor calls alone: nothing is installed for them. 6.1 lacks fchmodat2 too.
TEST(Probe, MinorCallsAreNoReason) {
  const int setxattrat = NumberOf("setxattrat"), getxattrat = NumberOf("getxattrat");
  const auto plan_of = [](std::map<long, long> says) {
    return MakePlan(AskMadeUp(std::move(says)), Policy::kTranslate);
  };
  EXPECT_TRUE(plan_of({{setxattrat, -ENOSYS}, {getxattrat, -ENOSYS}}).empty);
  const Plan older = plan_of({{setxattrat, -ENOSYS}, {kFchmodat2, -ENOSYS}});
  EXPECT_EQ(older.verdict[setxattrat], Verdict::kTranslate);
  EXPECT_EQ(older.verdict[getxattrat], Verdict::kPass);
  EXPECT_EQ(older.verdict[kFchmodat2], Verdict::kTranslate);
}

// Before 3.15, and descriptor 0 is closed.
long WithoutInput(long nr, long a, long b, long c, long d, long e, long f) {
  if (nr == SYS_fcntl && a == 0) return -EBADF;
  if (nr == SYS_openat) g_made.saw.push_back({nr});
  if (nr == SYS_openat) return 9;
  if (nr == SYS_close) g_made.says[nr] = a == 9 ? 0 : -EBADF;
  return MadeUp(nr, a, b, c, d, e, f);
}

TEST(Probe, FlagsOfADescriptorThatIsClosed) {
  g_made = {{{SYS_statx, -ENOSYS}}, {}};
  const Asking answers = Ask(WithoutInput);
  const auto count = [](long nr) {
    return std::count_if(g_made.saw.begin(), g_made.saw.end(),
                         [nr](const auto& call) { return call[0] == nr; });
  };
  for (int i = 0; i < CountAskedFlags(); ++i) {
    if (kAskedFlags[i].nr != SYS_fcntl) continue;
    EXPECT_EQ(answers.of_flag[i], Answer::kMissing);
  }
  EXPECT_EQ(count(SYS_openat), 2);
  EXPECT_EQ(count(SYS_close), 2);
  EXPECT_EQ(g_made.says[SYS_close], 0);
}

// Where the call itself is translated its translation sees to the flags.
TEST(Probe, FlagsOfCallsThatAreMissing) {
  const Plan plan =
      MakePlan(AskMadeUp({{SYS_memfd_create, -ENOSYS}, {SYS_mmap, -EINVAL}}), Policy::kTranslate);
  for (int i = 0; i < CountAskedFlags(); ++i) {
    const int nr = kAskedFlags[i].nr;
    if (nr != SYS_memfd_create && nr != SYS_mmap) continue;
    EXPECT_EQ(plan.lacks_flag[i], nr == SYS_mmap);
  }
}

}  // namespace
}  // namespace abishim::test

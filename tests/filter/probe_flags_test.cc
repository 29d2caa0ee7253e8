// The probe and what it asks late: flags, and calls that are no reason for a plan.
#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <vector>

#include "shim/plan/asked.h"
#include "tests/filter/asking.h"

namespace abishim::test {
namespace {

// The questions are harmless and true: this kernel has every flag, an outer filter takes them away.
std::string FlagsOf(const std::vector<int>& refused) {
  std::vector<Denial> denials;
  for (const int nr : refused) denials.push_back({nr, bpf::Errno(EINVAL)});
  denials.push_back({kFchmodat2, bpf::Errno(ENOSYS)});
  const int descriptors = OpenDescriptors();
  InstallOuter(denials);
  const Asking answers = Ask();
  const Plan plan = MakePlan(answers, Policy::kTranslate);
  Findings findings;
  for (int i = 0; i < CountAskedFlags(); ++i) {
    const int nr = kAskedFlags[i].nr;
    const bool lacks = std::count(refused.begin(), refused.end(), nr) != 0;
    const Answer expected = lacks ? Answer::kMissing : Answer::kWorks;
    findings.Equal(Nr(nr).c_str(), expected, answers.of_flag[i]);
    findings.Equal(Nr(nr).c_str(), lacks, plan.lacks_flag[i]);
    findings.Equal("repair", false, MakePlan(answers, Policy::kRepair).lacks_flag[i]);
  }
  findings.Equal("descriptors", descriptors, OpenDescriptors());
  return findings.text();
}

TEST_P(ProbeInChild, FlagsAreAskedOfTheHost) {
  for (const bool nobody : {false, true}) {
    for (const std::vector<int>& refused :
         {std::vector<int>{}, {SYS_memfd_create}, {SYS_memfd_create, SYS_close_range}}) {
      EXPECT_EQ(InChild([&] {
                  if (nobody) BecomeNobody();
                  return FlagsOf(refused);
                }),
                "");
    }
  }
}

// A profile that is too old for them: ENOSYS alone, or a translation where there is one anyway.
TEST_P(ProbeInChild, MinorCallsThatAProfileDenies) {
  const std::string said = InChild([] {
    const int setxattrat = NumberOf("setxattrat");
    InstallOuter({{setxattrat, bpf::Errno(EPERM)}});
    Findings findings;
    const Plan alone = MakePlan(Ask(), Policy::kTranslate);
    findings.Equal("translates", false, alone.translates);
    findings.Equal("setxattrat", Verdict::kRepair, alone.verdict[setxattrat]);
    InstallOuter({{SYS_statx, bpf::Errno(EPERM)}});
    const Plan plan = MakePlan(Ask(), Policy::kTranslate);
    findings.Equal("setxattrat", Verdict::kTranslate, plan.verdict[setxattrat]);
    return findings.text();
  });
  EXPECT_EQ(said, "");
}

}  // namespace
}  // namespace abishim::test

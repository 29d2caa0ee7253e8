// What the probe asks for old user spaces only.
#include <errno.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <fstream>
#include <iterator>
#include <string>

#include "shim/plan/vsyscall.h"
#include "tests/filter/asking.h"

namespace abishim::test {
namespace {

// A profile that denies what no kernel has any more: ENOSYS is what its callers know.
TEST(Probe, ReservedNumbersAreRepairedForOlderUserSpacesOnly) {
  const std::string said = InChild([] {
    const bpf::Action eperm = bpf::Errno(EPERM);
    InstallOuter({{SYS_vserver, eperm}, {SYS_query_module, eperm}, {SYS_ustat, eperm}});
    Findings findings;
    for (const bool older : {false, true}) {
      Answers answers;
      findings.Equal("Probe", 0, Probe(Raw, &answers, older));
      const Plan plan = MakePlan(answers, Policy::kTranslate);
      const Verdict repair = older ? Verdict::kRepair : Verdict::kPass;
      findings.Equal("vserver", repair, plan.verdict[SYS_vserver]);
      findings.Equal("query_module", repair, plan.verdict[SYS_query_module]);
      const Verdict translate = older ? Verdict::kTranslate : Verdict::kPass;
      findings.Equal("ustat", translate, plan.verdict[SYS_ustat]);
    }
    return findings.text();
  });
  EXPECT_EQ(said, "");
}

TEST(Probe, VsyscallPageOfThisHost) {
  // The page is listed here (vsyscall=xonly), and where it is not there is none to call.
  std::ifstream maps("/proc/self/maps");
  std::string text(std::istreambuf_iterator<char>(maps), {});
  const bool listed = text.find("[vsyscall]") != std::string::npos;
  EXPECT_EQ(ProbeVsyscall(Raw), listed ? Answer::kWorks : Answer::kMissing);
  EXPECT_EQ(Raw(SYS_wait4, -1, 0, __WALL | WNOHANG), -ECHILD) << "a child is left";
}

}  // namespace
}  // namespace abishim::test

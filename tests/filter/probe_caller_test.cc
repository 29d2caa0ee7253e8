// Does this kernel tell filters who calls?
#include <errno.h>
#include <gtest/gtest.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "shim/plan/caller.h"
#include "tests/filter/asking.h"

namespace abishim::test {
namespace {

// What seccomp(2) says; a filter that is said to be there and is not is one that knows no caller.
long g_seccomp = 0;
long WithoutSeccomp(long nr, long a, long b, long c, long d, long e, long f) {
  return nr == SYS_seccomp ? g_seccomp : Raw(nr, a, b, c, d, e, f);
}
long WithoutClone(long nr, long a, long b, long c, long d, long e, long f) {
  return nr == SYS_clone ? -EPERM : Raw(nr, a, b, c, d, e, f);
}

TEST(Probe, CallerOfThisHost) {
  EXPECT_EQ(ProbeCaller(Raw, RawPointer()), Answer::kWorks);
  EXPECT_EQ(ProbeCaller(Raw, RawPointer() + (Word{2} << 20)), Answer::kWrong);
  g_seccomp = 0;
  EXPECT_EQ(ProbeCaller(WithoutSeccomp, RawPointer()), Answer::kWrong);
  g_seccomp = -EPERM;
  EXPECT_EQ(ProbeCaller(WithoutSeccomp, RawPointer()), Answer::kNotAsked);
  EXPECT_EQ(ProbeCaller(WithoutClone, RawPointer()), Answer::kNotAsked);
  EXPECT_EQ(Raw(SYS_wait4, -1, 0, __WALL | WNOHANG), -ECHILD) << "a child is left";
  EXPECT_EQ(Raw(SYS_prctl, PR_GET_SECCOMP), 0) << "the child's filter is ours";
}

TEST(Probe, CallerUnderAFilter) {
  const std::string said = InChild([] {
    InstallOuter({{SYS_statx, bpf::Errno(EPERM)}});
    Findings findings;
    findings.Equal("another call", Answer::kWorks, ProbeCaller(Raw, RawPointer()));
    InstallOuter({{SYS_getpid, bpf::Errno(EPERM)}});
    findings.Equal("that call", Answer::kNotAsked, ProbeCaller(Raw, RawPointer()));
    InstallOuter({{SYS_getpid, bpf::KillProcess()}});
    findings.Equal("to its death", Answer::kNotAsked, ProbeCaller(Raw, RawPointer()));
    return findings.text();
  });
  EXPECT_EQ(said, "");
}

// Of user-mode Linux 5.10 and 6.1, and of programs here.
TEST(Probe, CallerIsAskedWhereItMayBeWrong) {
  EXPECT_TRUE(MayMistakeCallers(0x7fbffff000));
  EXPECT_TRUE(MayMistakeCallers(0));
  EXPECT_FALSE(MayMistakeCallers(0x7fd2471d1000));
  EXPECT_FALSE(MayMistakeCallers(getauxval(AT_SYSINFO_EHDR)));
}

}  // namespace
}  // namespace abishim::test

// The probe against this kernel, against outer filters, and against kernels made up.
#include "shim/plan/probe.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "shim/plan/asked.h"
#include "shim/plan/caller.h"
#include "shim/plan/plan.h"
#include "shim/plan/vsyscall.h"
#include "tests/filter/child.h"
#include "tests/support/oracle.h"

namespace abishim::test {
namespace {

constexpr int kFchmodat2 = NumberOf("fchmodat2");  // newer than the headers of Debian 12

std::string Nr(int nr) {
  for (const Row& row : kSyscalls) {
    if (arch::NumberIn(row.nr) == nr) return std::string(row.name);
  }
  return std::to_string(nr);
}

struct Asking : Answers {
  long result;
};
int g_spawned = 0;  // children in the same memory

// As the image does it; libc's clone takes its arguments in another order.
long SpawnByClone(long flags, void* stack_top, void (*function)(void*), void* argument, int*) {
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
bool g_share = false;
class ProbeInChild : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override { g_share = GetParam(); }
  void TearDown() override { g_share = false; }
};
INSTANTIATE_TEST_SUITE_P(, ProbeInChild, testing::Bool(),
                         [](const auto& info) { return info.param ? "Shared" : "Copied"; });

Asking Ask(RawCall call = Raw) {
  Asking answers;
  answers.result = Probe(call, &answers, false, g_share ? SpawnByClone : nullptr);
  return answers;
}

// What a host that is new enough and denies nothing must answer, and the plan that follows.
std::string Flawless(bool filtered) {
  const Asking answers = Ask();
  Findings findings;
  findings.Equal("Probe", 0, answers.result);
  for (const Asked& row : kAsked) {
    const Answer answer = answers.of[row.nr];
    if (row.older) {
      findings.Equal(Nr(row.nr).c_str(), Answer::kNotAsked, answer);
      continue;
    }
    if (row.translated && !row.minor) {
      findings.Equal(Nr(row.nr).c_str(), Answer::kWorks, answer);
    } else if (row.minor && !filtered) {
      findings.Equal(Nr(row.nr).c_str(), Answer::kNotAsked, answer);
    }
    if (filtered && answer != Answer::kMissing) {
      findings.Equal(Nr(row.nr).c_str(), Answer::kWorks, answer);
    }
  }
  for (const Policy policy : {Policy::kTranslate, Policy::kRepair}) {
    const Plan plan = MakePlan(answers, policy);
    findings.Equal("plan.empty", true, plan.empty);
    findings.Equal("plan.translates", false, plan.translates);
  }
  return findings.text();
}

TEST(Probe, PlanIsEmptyOnThisKernelAsRoot) {
  if (FilterInForce(Raw)) {
    GTEST_SKIP() << "some filter is in force here already";
  }
  EXPECT_EQ(InChild([] { return Flawless(false); }), "");
}

TEST(Probe, PlanIsEmptyOnThisKernelAsNobody) {
  EXPECT_EQ(InChild([] {
              BecomeNobody();
              return Flawless(false);
            }),
            "");
}

// Under a filter every row is asked that EPERM may be wrong for: none may say so by itself.
TEST_P(ProbeInChild, NothingIsTakenForDeniedUnderAFilterThatAllowsAll) {
  for (const bool nobody : {false, true}) {
    EXPECT_EQ(InChild([&] {
                InstallOuter({});
                if (nobody) BecomeNobody();
                return Flawless(true);
              }),
              "")
        << (nobody ? "as nobody" : "as root");
  }
}

TEST_P(ProbeInChild, DeniedByAgeIsNotDeniedOnPurpose) {
  const std::string said = InChild([] {
    const bpf::Action eperm = bpf::Errno(EPERM);
    InstallOuter({{SYS_faccessat2, eperm},
                  {SYS_statx, bpf::Errno(EACCES)},
                  {SYS_clone3, eperm},
                  {SYS_pidfd_open, eperm},
                  {SYS_landlock_create_ruleset, eperm},
                  {SYS_userfaultfd, eperm},
                  {SYS_prlimit64, eperm}});
    const Asking answers = Ask();
    Findings findings;
    findings.Equal("Probe", 0, answers.result);
    for (const int nr : {SYS_faccessat2, SYS_statx, SYS_clone3, SYS_pidfd_open}) {
      findings.Equal(Nr(nr).c_str(), Answer::kDenied, answers.of[nr]);
    }
    findings.Equal("prlimit64", Answer::kWorks, answers.of[SYS_prlimit64]);
    const Plan plan = MakePlan(answers, Policy::kTranslate);
    findings.Equal("faccessat2", Verdict::kTranslate, plan.verdict[SYS_faccessat2]);
    findings.Equal("statx", Verdict::kTranslate, plan.verdict[SYS_statx]);
    findings.Equal("clone3", Verdict::kRepair, plan.verdict[SYS_clone3]);
    findings.Equal("pidfd_open", Verdict::kRepair, plan.verdict[SYS_pidfd_open]);
    for (const int nr : {SYS_landlock_create_ruleset, SYS_userfaultfd, SYS_prlimit64}) {
      findings.Equal(Nr(nr).c_str(), Verdict::kPass, plan.verdict[nr]);
    }
    return findings.text();
  });
  EXPECT_EQ(said, "");
}

TEST_P(ProbeInChild, MissingIsTranslatedOrLeftAlone) {
  const std::string said = InChild([] {
    InstallOuter({{SYS_openat2, bpf::Errno(ENOSYS)}, {SYS_pidfd_open, bpf::Errno(ENOSYS)}});
    const Asking answers = Ask();
    const Plan plan = MakePlan(answers, Policy::kTranslate);
    Findings findings;
    findings.Equal("openat2", Answer::kMissing, answers.of[SYS_openat2]);
    findings.Equal("pidfd_open", Answer::kMissing, answers.of[SYS_pidfd_open]);
    findings.Equal("openat2", Verdict::kTranslate, plan.verdict[SYS_openat2]);
    findings.Equal("pidfd_open", Verdict::kPass, plan.verdict[SYS_pidfd_open]);
    findings.Equal("repair", true, MakePlan(answers, Policy::kRepair).empty);
    return findings.text();
  });
  EXPECT_EQ(said, "");
}

TEST_P(ProbeInChild, WrongErrnoUnderAFilter) {
  const std::string said = InChild([] {
    InstallOuter({{SYS_openat2, bpf::Errno(ENOTTY)},
                  {SYS_memfd_create, bpf::Errno(0)},
                  {SYS_sendmmsg, bpf::Errno(ENOTTY)}});
    const Asking answers = Ask();
    Findings findings;
    findings.Equal("openat2", Answer::kWrong, answers.of[SYS_openat2]);
    findings.Equal("memfd_create", Answer::kWrong, answers.of[SYS_memfd_create]);
    findings.Equal("sendmmsg", Answer::kWorks, answers.of[SYS_sendmmsg]);
    return findings.text();
  });
  EXPECT_EQ(said, "");
}

// The first asked row, two neighbours, and the last.
std::vector<int> Victims() {
  std::vector<int> asked;
  for (const Asked& row : kAsked) {
    if (!row.older) asked.push_back(row.nr);
  }
  return {asked[0], asked[3], asked[4], asked.back()};
}

std::string Survives(bpf::Action action) {
  static bool died = false;
  signal(SIGCHLD, [](int) { died = true; });
  std::vector<Denial> denials;
  for (const int nr : Victims()) denials.push_back({nr, action});
  InstallOuter(denials);
  const Asking answers = Ask();
  Findings findings;
  findings.Equal("Probe", 0, answers.result);
  for (const int nr : Victims()) findings.Equal(Nr(nr).c_str(), Answer::kKills, answers.of[nr]);
  findings.Equal("the neighbour", Answer::kWorks, answers.of[SYS_statx]);
  findings.Equal("plan.empty", true, MakePlan(answers, Policy::kTranslate).empty);
  findings.Equal("SIGCHLD", false, died);
  findings.Equal("a child", -ECHILD, Raw(SYS_wait4, -1, 0, __WALL | WNOHANG));
  return findings.text();
}

TEST_P(ProbeInChild, SurvivesWhatKills) {
  EXPECT_EQ(InChild([] { return Survives(bpf::KillProcess()); }), "");
  EXPECT_EQ(InChild([] { return Survives({SECCOMP_RET_KILL_THREAD}); }), "");
  EXPECT_EQ(InChild([] { return Survives(bpf::Trap(7)); }), "");
}

TEST_P(ProbeInChild, KilledWithSigchldIgnoredAndLeavesNoCore) {
  TempDir directory;
  const std::string said = InChild([&] {
    signal(SIGCHLD, SIG_IGN);
    prctl(PR_SET_DUMPABLE, 1);
    const rlimit limit{RLIM_INFINITY, RLIM_INFINITY};
    setrlimit(RLIMIT_CORE, &limit);
    if (chdir(directory.path().c_str()) != 0) return std::string("chdir");
    InstallOuter({{SYS_statx, bpf::KillProcess()}});
    const Asking answers = Ask();
    Findings findings;
    findings.Equal("statx", Answer::kKills, answers.of[SYS_statx]);
    findings.Equal("dumpable", 1, prctl(PR_GET_DUMPABLE));
    findings.Equal("a child", -ECHILD, Raw(SYS_wait4, -1, 0, __WALL | WNOHANG));
    return findings.text();
  });
  EXPECT_EQ(said, "");
  EXPECT_TRUE(std::filesystem::is_empty(directory.path())) << "a core file";
}

// A child's questions are not ours: no descriptor, no mapping, no dead child stays.
TEST_P(ProbeInChild, LeavesNothingBehind) {
  const std::string said = InChild([] {
    InstallOuter({{SYS_statx, bpf::KillProcess()}});
    const int descriptors = OpenDescriptors();
    const auto maps = [] {
      std::string text(1 << 16, '\0');
      FILE* file = fopen("/proc/self/maps", "r");
      text.resize(fread(text.data(), 1, text.size(), file));
      fclose(file);
      size_t shared = 0;
      for (size_t at = 0; (at = text.find("rw-s", at)) != std::string::npos; ++at) ++shared;
      return shared;
    };
    const size_t shared = maps();
    for (int i = 0; i < 20; ++i) Ask();
    Findings findings;
    findings.Equal("descriptors", descriptors, OpenDescriptors());
    findings.Equal("shared mappings", shared, maps());
    return findings.text();
  });
  EXPECT_EQ(said, "");
}

// What stands still while a child is in our memory goes on afterwards; with other threads there is
// none.
TEST_P(ProbeInChild, SharesMemoryOnlyWhereThereIsOneThread) {
  for (const bool dumpable : {true, false}) {
    for (const bool threads : {false, true}) {
      EXPECT_EQ(InChild([&] {
                  InstallOuter({{SYS_statx, bpf::KillProcess()}});
                  std::atomic<bool> go_on{true};
                  std::thread other;
                  if (threads)
                    other = std::thread([&] {
                      while (go_on) usleep(1000);
                    });
                  prctl(PR_SET_DUMPABLE, dumpable);
                  sigset_t some, mask;
                  sigemptyset(&some);
                  sigaddset(&some, SIGUSR2);
                  sigprocmask(SIG_SETMASK, &some, nullptr);
                  const Asking answers = Ask();
                  sigprocmask(SIG_SETMASK, nullptr, &mask);
                  go_on = false;
                  if (threads) other.join();
                  Findings findings;
                  findings.Equal("spawned", GetParam() && !threads ? 2 : 0, g_spawned);
                  findings.Equal("statx", Answer::kKills, answers.of[SYS_statx]);
                  findings.Equal("dumpable", dumpable, prctl(PR_GET_DUMPABLE));
                  findings.Equal("mask", 0, memcmp(&some, &mask, sizeof(Word)));
                  return findings.text();
                }),
                "")
          << (dumpable ? "" : "not dumpable, ") << (threads ? "two threads" : "one thread");
    }
  }
}

TEST_P(ProbeInChild, WhatCannotBeAskedIsNotPlanned) {
  const std::string said = InChild([] {
    InstallOuter({{SYS_clone, bpf::Errno(EAGAIN)}});
    const Asking answers = Ask();
    Findings findings;
    findings.Equal("Probe", -EAGAIN, answers.result);
    for (const Answer answer : answers.of) findings.Equal("answer", Answer::kNotAsked, answer);
    findings.Equal("plan.empty", true, MakePlan(answers, Policy::kTranslate).empty);
    return findings.text();
  });
  EXPECT_EQ(said, "");
}

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
TEST_P(ProbeInChild, FlagsOfCallsThatAreMissing) {
  const Plan plan =
      MakePlan(AskMadeUp({{SYS_memfd_create, -ENOSYS}, {SYS_mmap, -EINVAL}}), Policy::kTranslate);
  for (int i = 0; i < CountAskedFlags(); ++i) {
    const int nr = kAskedFlags[i].nr;
    if (nr != SYS_memfd_create && nr != SYS_mmap) continue;
    EXPECT_EQ(plan.lacks_flag[i], nr == SYS_mmap);
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

double MicrosecondsOf(const std::function<void()>& what) {
  double best = 1e9;
  for (int i = 0; i < 200; ++i) {
    const auto start = std::chrono::steady_clock::now();
    what();
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
    best = std::min(best, took.count());
  }
  return best;
}

TEST_P(ProbeInChild, CostIsPrinted) {
  printf("probe in-process: %.1f us (best of 200)\n", MicrosecondsOf([] { Ask(); }));
  EXPECT_EQ(InChild([] {
              InstallOuter({});
              printf("probe forked, under a filter: %.1f us (best of 200)\n",
                     MicrosecondsOf([] { Ask(); }));
              fflush(stdout);
              return "";
            }),
            "");
}

}  // namespace
}  // namespace abishim::test

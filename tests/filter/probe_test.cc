// The probe against this kernel, and against outer filters.
#include "shim/plan/probe.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <string.h>
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
#include "shim/plan/plan.h"
#include "tests/filter/asking.h"
#include "tests/filter/child.h"

namespace abishim::test {
namespace {

INSTANTIATE_TEST_SUITE_P(, ProbeInChild, testing::Bool(),
                         [](const auto& info) { return info.param ? "Shared" : "Copied"; });

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

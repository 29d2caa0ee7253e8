// The real filter in force: the question, the verdicts over an outer filter, the ways to install.
#include "shim/plan/install.h"

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "shim/plan/filter.h"
#include "shim/plan/question.h"
#include "tests/filter/child.h"
#include "tests/support/oracle.h"

namespace abishim::test {
namespace {

constexpr Word kPage = 4096;

Plan PlanOf(Verdict statx) {
  Plan plan;
  plan.verdict[SYS_statx] = statx;
  plan.verdict[SYS_clone3] = Verdict::kRepair;
  plan.translates = statx == Verdict::kTranslate;
  plan.host_has[SYS_statx] = plan.translates;
  plan.empty = false;
  return plan;
}
Layout LayoutAt(Word gate) {
  return {.base = 0x70123000, .gate = gate, .masks = 0x70130000, .masks_bytes = 0x4000};
}

long InstallPlan(const Plan& plan, const Layout& layout, bool count, bool tsync = false) {
  bpf::Program program;
  if (!BuildFilter(plan, layout, {.count_repairs = count}, &program)) return -E2BIG;
  return Install(Raw, program.begin(), program.length(), tsync);
}

std::string Status(const std::string& field) {
  std::ifstream file("/proc/thread-self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind(field + ":\t", 0) == 0) return line.substr(field.size() + 2);
  }
  return "?";
}

TEST(Install, NobodyAnswersWhereNoFilterOfOursIs) {
  EXPECT_FALSE(Ask(Raw).present);
  EXPECT_EQ(InChild([] {
              InstallOuter({{SYS_prctl, bpf::Errno(EPERM)}});
              return Ask(Raw).present ? "present" : "";
            }),
            "");
}

TEST(Install, TheFilterAnswersTheQuestion) {
  for (const bool translates : {false, true}) {
    for (const bool stats : {false, true}) {
      const std::string said = InChild([&] {
        // An outer filter that denies the question: ours is newer, so its answer counts.
        InstallOuter({{SYS_prctl, bpf::Errno(EPERM)}});
        const Plan plan = PlanOf(translates ? Verdict::kTranslate : Verdict::kRepair);
        Findings findings;
        findings.Equal("Install", 0,
                       InstallPlan(plan, translates ? LayoutAt(0x70124000) : Layout{}, stats));
        const Presence presence = Ask(Raw);
        findings.Equal("present", true, presence.present);
        findings.Equal("base", translates ? 0x70123000 : 0, presence.base);
        findings.Equal("version", kContract, presence.version);
        findings.Equal("translates", translates, presence.translates);
        findings.Equal("stats", stats, presence.stats);
        findings.Equal("another question", -EPERM, Raw(SYS_prctl, kMagic, 4));
        return findings.text();
      });
      EXPECT_EQ(said, "");
    }
  }
}

TEST(Install, QuestionKeepsAllItsBits) {
  const Presence presence{.present = true,
                          .base = 0xfedcb000,
                          .version = 0xa5,
                          .translates = true,
                          .stats = true,
                          .exec = 2};
  Word bits = 0;
  for (int i = 0; i < kQuestions; ++i) bits |= (AnswerOf(presence, i) & 0x3fful) << (10 * i);
  EXPECT_EQ(bits, 0xba5fedcbul);
  EXPECT_EQ(syscall(SYS_prctl, kMagic, 0, 0, 0, 0), -1);
  EXPECT_EQ(errno, EINVAL) << "a kernel knows the magic option";
}

TEST(Install, RepairOverridesAnOuterDenial) {
  const std::string said = InChild([] {
    InstallOuter({{SYS_statx, bpf::Errno(EPERM)}, {SYS_clone3, bpf::Errno(EPERM)}});
    Findings findings;
    findings.Equal("before", -EPERM, Raw(SYS_statx, -1));
    findings.Equal("Install", 0, InstallPlan(PlanOf(Verdict::kRepair), {}, false));
    findings.Equal("statx", -ENOSYS, Raw(SYS_statx, -1));
    findings.Equal("clone3", -ENOSYS, Raw(SYS_clone3));
    findings.Equal("getppid", getppid(), Raw(SYS_getppid));
    findings.Equal("rt_sigprocmask", 0, Raw(SYS_rt_sigprocmask, SIG_BLOCK, 0, 0, 8));
    return findings.text();
  });
  EXPECT_EQ(said, "");
}

// The gate is the page of libc's syscall() here, or a page where it is not.
std::string Traps(Word gate, bool in_gate, bool count) {
  WatchTraps();
  InstallOuter({{SYS_statx, bpf::Errno(EPERM)}});
  Findings findings;
  unsigned long mask = 0;
  findings.Equal("Install", 0, InstallPlan(PlanOf(Verdict::kTranslate), LayoutAt(gate), count));
  findings.Equal("statx", in_gate ? -EPERM : kTrapped, RawOrTrapped(SYS_statx, -1));
  if (!in_gate) {
    findings.Equal("si_syscall", SYS_statx, g_trap.nr);
    findings.Equal("si_errno", kCookie | kTrapHostHas, g_trap.data);
  }
  findings.Equal("set", in_gate ? 0 : kTrapped,
                 RawOrTrapped(SYS_rt_sigprocmask, SIG_BLOCK, Address(&mask), 0, 8));
  findings.Equal("no set", 0, Raw(SYS_rt_sigprocmask, SIG_BLOCK, 0, 0, 8));
  findings.Equal("ppoll", 0, Raw(SYS_ppoll, 0, 0, Address((const long[2]){0, 0}), 0, 8));
  findings.Equal("getppid", getppid(), Raw(SYS_getppid));
  const long clone3 = RawOrTrapped(SYS_clone3, 0, 0);
  findings.Equal("clone3", !count ? -ENOSYS : in_gate ? -EINVAL : kTrapped, clone3);
  if (count && !in_gate) findings.Equal("si_errno", kCookie | kTrapRepair, g_trap.data);
  return findings.text();
}

TEST(Install, TrapOutranksAnOuterDenialOutsideTheGate) {
  EXPECT_EQ(InChild([&] { return Traps(0x70124000, false, false); }), "");
  EXPECT_EQ(InChild([&] { return Traps(0x70124000, false, true); }), "");
}

TEST(Install, InTheGateTheHostAnswers) {
  const Word gate = RawPointer() & ~(kPage - 1);
  EXPECT_EQ(InChild([&] { return Traps(gate, true, false); }), "");
  EXPECT_EQ(InChild([&] { return Traps(gate, true, true); }), "");
}

TEST(Install, NoNewPrivsOnlyWhereTheKernelInsists) {
  for (const bool nobody : {false, true}) {
    const std::string said = InChild([&] {
      if (nobody) BecomeNobody();
      Findings findings;
      findings.Equal("Install", 0, InstallPlan(PlanOf(Verdict::kRepair), {}, false));
      findings.Equal("NoNewPrivs", nobody, Status("NoNewPrivs") == "1");
      findings.Equal("Seccomp", 2, std::stoi(Status("Seccomp")));
      return findings.text();
    });
    EXPECT_EQ(said, "") << nobody;
  }
}

TEST(Install, ByPrctlOnlyWhereThereIsNoSeccompCall) {
  for (const bool nobody : {false, true}) {
    const std::string said = InChild([&] {
      InstallOuter({{SYS_seccomp, bpf::Errno(ENOSYS)}});
      if (nobody) BecomeNobody();
      Findings findings;
      findings.Equal("tsync", -ENOSYS, InstallPlan(PlanOf(Verdict::kRepair), {}, false, true));
      findings.Equal("present", false, Ask(Raw).present);
      findings.Equal("Install", 0, InstallPlan(PlanOf(Verdict::kRepair), {}, false));
      findings.Equal("present", true, Ask(Raw).present);
      return findings.text();
    });
    EXPECT_EQ(said, "") << nobody;
  }
  EXPECT_EQ(InChild([] {
              InstallOuter({{SYS_seccomp, bpf::Errno(EPERM)}});
              Findings findings;
              findings.Equal("Install", -EPERM, InstallPlan(PlanOf(Verdict::kRepair), {}, false));
              findings.Equal("present", false, Ask(Raw).present);
              return findings.text();
            }),
            "");
}

std::string CanInstallUnder(const std::vector<Denial>& denials, long alone, long tsync) {
  return InChild([&] {
    InstallOuter(denials);
    Findings findings;
    findings.Equal("alone", alone, CanInstall(Raw, false));
    findings.Equal("tsync", tsync, CanInstall(Raw, true));
    findings.Equal("present", false, Ask(Raw).present);
    return findings.text();
  });
}

// As this kernel, those before 3.17, those before 3.5, and a profile that allows no filters.
TEST(Install, AsksWhetherItCan) {
  EXPECT_EQ(CanInstall(Raw, false), 0);
  EXPECT_EQ(CanInstallUnder({}, 0, 0), "");
  EXPECT_EQ(CanInstallUnder({{SYS_seccomp, bpf::Errno(ENOSYS)}}, 0, -ENOSYS), "");
  EXPECT_EQ(CanInstallUnder({{SYS_seccomp, bpf::Errno(ENOSYS)}, {SYS_prctl, bpf::Errno(EINVAL)}},
                            -EINVAL, -ENOSYS),
            "");
  EXPECT_EQ(CanInstallUnder({{SYS_seccomp, bpf::Errno(EPERM)}}, -EPERM, -EPERM), "");
}

// Kernels before 4.17 do not know SPEC_ALLOW: then without it. The calls made, in their order.
std::vector<std::pair<long, long>> g_calls;
long Before417(long nr, long a, long b, long, long, long, long) {
  g_calls.emplace_back(nr, nr == SYS_seccomp ? b : a);
  return nr == SYS_seccomp && (b & SECCOMP_FILTER_FLAG_SPEC_ALLOW) != 0 ? -EINVAL : 0;
}

TEST(Install, WithoutSpecAllowBefore417) {
  const sock_filter allow{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
  g_calls.clear();
  EXPECT_EQ(Install(Before417, &allow, 1, true), 0);
  EXPECT_EQ(g_calls, (std::vector<std::pair<long, long>>{
                         {SYS_seccomp, SECCOMP_FILTER_FLAG_SPEC_ALLOW | SECCOMP_FILTER_FLAG_TSYNC},
                         {SYS_seccomp, SECCOMP_FILTER_FLAG_TSYNC}}));
}

// A second thread that runs `first`, then waits while `what` looks at it, then gives its finding.
std::string WithThread(
    const std::function<void()>& first, const std::function<std::string(pid_t)>& what,
    const std::function<std::string()>& last = [] { return ""; }) {
  std::atomic<pid_t> tid = 0;
  std::atomic<bool> done = false;
  std::string said;
  std::thread thread([&] {
    first();
    tid = gettid();
    tid.notify_all();
    done.wait(false);
    said = last();
  });
  tid.wait(0);
  const std::string found = what(tid);
  done = true;
  done.notify_all();
  thread.join();
  return found + said;
}

TEST(Install, OtherThreadsAreSynchronisedOrNothingIsInstalled) {
  EXPECT_EQ(InChild([] {
              return WithThread(
                  [] {},
                  [](pid_t) {
                    const Plan plan = PlanOf(Verdict::kRepair);
                    return InstallPlan(plan, {}, false, true) == 0 ? "" : "not installed";
                  },
                  [] { return Raw(SYS_statx, -1) == -ENOSYS ? "" : "not in the other thread"; });
            }),
            "");
  EXPECT_EQ(InChild([] {
              return WithThread([] { InstallOuter({}); },
                                [](pid_t tid) {
                                  Findings findings;
                                  findings.Equal(
                                      "the thread in the way", tid,
                                      InstallPlan(PlanOf(Verdict::kRepair), {}, false, true));
                                  findings.Equal("present", false, Ask(Raw).present);
                                  return findings.text();
                                });
            }),
            "");
}

void BlockSigsys() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGSYS);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}
void BlockAllButSigsys() {
  sigset_t set;
  sigfillset(&set);
  sigdelset(&set, SIGSYS);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

std::string Expect(Threads expected) {
  Findings findings;
  findings.Equal("threads", expected, LookAtThreads(Raw));
  return findings.text();
}

TEST(Threads, SeesWhetherAnyOtherBlocksSigsys) {
  EXPECT_EQ(InChild([] {
              BlockSigsys();  // one's own mask is one's own affair
              const int descriptors = OpenDescriptors();
              Findings findings;
              findings.Equal("alone", Threads::kAlone, LookAtThreads(Raw));
              findings.Equal("blocks", false, ThreadsBlockSigsys(Raw));
              findings.Equal("descriptors", descriptors, OpenDescriptors());
              return findings.text();
            }),
            "");
  EXPECT_EQ(InChild([] {
              return WithThread(BlockAllButSigsys, [](pid_t) { return Expect(Threads::kReady); });
            }),
            "");
  EXPECT_EQ(InChild([] {
              return WithThread(BlockSigsys, [](pid_t) {
                return Expect(Threads::kBlocked) + (ThreadsBlockSigsys(Raw) ? "" : "does not say");
              });
            }),
            "");
}

// The pid there, and so every name in the parent's /proc, is another one.
TEST(Threads, SeesThatItIsAloneInAProcOfAnotherPidNamespace) {
  if (InChild([] { return unshare(CLONE_NEWPID) == 0 ? "" : "no"; }) != "") {
    GTEST_SKIP() << "no pid namespaces here";
  }
  EXPECT_EQ(InChild([]() -> std::string {
              if (unshare(CLONE_NEWPID) != 0) return "no namespace";
              return InChild([]() -> std::string {
                if (getpid() != 1) return "not the first of its namespace";
                BlockSigsys();
                return Expect(Threads::kAlone);
              });
            }),
            "");
}

TEST(Threads, OneOfManyBlocks) {
  EXPECT_EQ(InChild([] {
              std::atomic<bool> done = false;
              std::atomic<int> ready_ones = 0;  // glibc starts a thread with all signals blocked
              std::vector<std::thread> threads;
              for (int i = 0; i < 60; ++i) {  // more than one getdents64 takes
                threads.emplace_back([&] {
                  ++ready_ones;
                  done.wait(false);
                });
              }
              while (ready_ones < 60) usleep(1000);
              const std::string ready = Expect(Threads::kReady);
              const std::string blocked =
                  WithThread(BlockSigsys, [](pid_t) { return Expect(Threads::kBlocked); });
              done = true;
              done.notify_all();
              for (std::thread& thread : threads) thread.join();
              return ready + blocked;
            }),
            "");
}

// The mask stands behind more text than one read takes.
TEST(Threads, ManyGroups) {
  EXPECT_EQ(InChild([] {
              std::vector<gid_t> groups(3000);
              for (size_t i = 0; i < groups.size(); ++i) groups[i] = 1000000 + i;
              if (syscall(SYS_setgroups, groups.size(), groups.data()) != 0)
                return std::string("?");
              return WithThread(BlockSigsys, [](pid_t) { return Expect(Threads::kBlocked); }) +
                     WithThread([] {}, [](pid_t) { return Expect(Threads::kReady); });
            }),
            "");
}

TEST(Threads, WithoutProc) {
  const TempDir directory;
  const auto leave = [&] { return chroot(directory.path().c_str()) == 0; };
  EXPECT_EQ(InChild([&] { return leave() ? Expect(Threads::kAlone) : "chroot"; }), "");
  EXPECT_EQ(InChild([&] {
              return WithThread([] {},
                                [&](pid_t) { return leave() ? Expect(Threads::kBlocked) : "?"; });
            }),
            "");
}

}  // namespace
}  // namespace abishim::test

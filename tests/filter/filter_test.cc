// The filter of a plan, evaluated over made-up calls, against a plain specification; and in words.
#include "shim/plan/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/io_uring.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "shim/plan/asked.h"
#include "shim/plan/evaluate.h"
#include "shim/plan/question.h"
#include "tests/filter/dump.h"
#include "tests/support/oracle.h"

namespace abishim::test {
namespace {

constexpr Layout kLayout{.base = 0x70123000,
                         .gate = 0x70124000,
                         .left = 0x70124099,
                         .masks = 0x70130000,
                         .masks_bytes = 0x4000};

Plan PlanOf(std::set<int> translate, std::set<int> host_has, std::set<int> repair) {
  Plan plan;
  for (const int nr : translate) plan.verdict[nr] = Verdict::kTranslate;
  for (const int nr : host_has) {
    plan.verdict[nr] = Verdict::kTranslate;
    plan.host_has[nr] = true;
  }
  for (const int nr : repair) plan.verdict[nr] = Verdict::kRepair;
  plan.translates = !translate.empty() || !host_has.empty();
  plan.empty = !plan.translates && repair.empty();
  return plan;
}

Plan Typical() {
  return PlanOf({SYS_statx, SYS_openat2, SYS_close_range, SYS_faccessat2, SYS_epoll_pwait2},
                {SYS_copy_file_range}, {SYS_clone3, SYS_pidfd_open, SYS_io_pgetevents});
}
Plan RepairsOnly() { return PlanOf({}, {}, {SYS_clone3, SYS_faccessat2, SYS_statx}); }
// All that the table could ever plan.
Plan Everything() {
  std::set<int> translate, repair;
  for (const Asked& row : kAsked) (row.translated ? translate : repair).insert(row.nr);
  return PlanOf(translate, {SYS_copy_file_range}, repair);
}
// `run --uname` on a host that has everything.
Plan UnameOnly() {
  Answers answers;
  Plan plan;
  AddUname(answers, &plan);
  return plan;
}
// A host that lacks these flags of calls that it has: as older kernels do, and all that there are.
Plan Flags(Plan plan) {
  for (int i = 0; i < CountAskedFlags(); ++i) {
    plan.lacks_flag[i] = plan.verdict[kAskedFlags[i].nr] == Verdict::kPass;
  }
  return plan;
}
// As many ranges as there can be: a number translated, one repaired, one let through, in turns.
Plan Worst() {
  std::set<int> translate, repair;
  for (int nr = 400; nr < arch::kNumbers; nr += 2) (nr % 4 == 0 ? translate : repair).insert(nr);
  return PlanOf(translate, {}, repair);
}

struct Case {
  const char* name;
  Plan plan;
  FilterOptions options;
};
std::vector<Case> Cases() {
  const FilterOptions counted{.count_repairs = true};
  return {{"typical", Typical(), {}},
          {"typical, counted", Typical(), counted},
          {"repairs only", RepairsOnly(), {}},
          {"repairs only, counted", RepairsOnly(), counted},
          {"everything", Everything(), {.exec = 1}},
          {"uname", UnameOnly(), {.exec = 2}},
          {"bare", Typical(), {.bare = true}},
          {"by the loader", Typical(), {.loads = true}},
          {"flags", Flags(Typical()), {}},
          {"flags, counted", Flags(UnameOnly()), counted},
          {"worst", Worst(), {.count_repairs = true, .exec = 3}}};
}

// What the filter shall say, said plainly.
class Specification {
 public:
  Specification(const Case& c, const seccomp_data& data) : c_(c), data_(data) {}

  unsigned Answer() const {
    const bool gate = data_.instruction_pointer - kLayout.gate < 4096;
    const unsigned trap = gate ? SECCOMP_RET_ALLOW : SECCOMP_RET_TRAP | 0xab20;
    const unsigned nr = static_cast<unsigned>(data_.nr);
    if (data_.arch != AUDIT_ARCH_X86_64 || nr >= 512) return SECCOMP_RET_ALLOW;
    const Plan& plan = c_.plan;
    if (plan.verdict[nr] == Verdict::kTranslate) {
      return plan.host_has[nr] && !gate ? trap | 1 : trap;
    }
    if (plan.verdict[nr] == Verdict::kRepair) {
      // ld.so calls rseq before there is a handler that could count it.
      if (!plan.translates || !c_.options.count_repairs || nr == SYS_rseq)
        return SECCOMP_RET_ERRNO | ENOSYS;
      return gate ? trap : trap | 2;
    }
    if (LackedFlag() && !gate) return trap | 16;
    if (nr == SYS_prctl && data_.args[0] == kMagic) return Question();
    if (plan.translates && nr == SYS_rt_sigreturn && data_.instruction_pointer == kLayout.left)
      return SECCOMP_RET_ERRNO;
    if (!plan.translates || Harmless() || gate) return SECCOMP_RET_ALLOW;
    return trap | 4;
  }

 private:
  bool Null(int i) const { return data_.args[i] == 0; }
  bool Ours(int i) const { return data_.args[i] - kLayout.masks < kLayout.masks_bytes; }

  bool LackedFlag() const {
    bool some = false;  // (close_range is among the calls that some of the plans translate)
    for (const bool lacks : c_.plan.lacks_flag) some = some || lacks;
    const auto has = [&](int nr, int i, unsigned bits) {
      return some && data_.nr == nr && (data_.args[i] & bits) == bits;
    };
    return has(SYS_close_range, 2, 4) || has(SYS_getrandom, 2, 4) || has(SYS_memfd_create, 1, 16) ||
           has(SYS_mmap, 3, MAP_FIXED_NOREPLACE) || has(SYS_newfstatat, 3, 0x1000) ||
           has(SYS_newfstatat, 3, 0x800);
  }
  bool Harmless() const {
    switch (data_.nr) {
      case SYS_rt_sigreturn:
      case SYS_execve:
      case SYS_execveat:
      case SYS_landlock_restrict_self:
        return false;
      case SYS_ptrace:
        return !Null(0);
      case SYS_readlink:
      case SYS_readlinkat:
        return !c_.options.loads;
      case SYS_uname:
        return !c_.plan.uname;
      case SYS_open:
        return !c_.plan.uname || !OpensToRead(1);
      case SYS_openat:
        return !c_.plan.uname || !OpensToRead(2);
      case SYS_rt_sigprocmask:
      case SYS_rt_sigaction:
        return Null(1) && Null(2);
      case SYS_sigaltstack:
        return Null(1) && (Null(0) || Ours(0));
      case SYS_rt_sigsuspend:
        return Ours(0);
      case SYS_ppoll:
        return Null(3) || Ours(3);
      case SYS_epoll_pwait:
      case SYS_epoll_pwait2:
        return Null(4) || Ours(4);
      case SYS_io_uring_enter:
        return Null(4) || Ours(4) || (data_.args[3] & IORING_ENTER_EXT_ARG) != 0;
      case SYS_pselect6:
      case SYS_io_pgetevents:
        return Null(5) || Ours(5);
      case SYS_seccomp:  // strict, filter
        return Option() != 0 && Option() != 1;
      case SYS_prctl:  // PR_SET_SECCOMP, PR_GET_SECCOMP
        return Option() != 22 && (Option() != 21 || !c_.options.bare);
      default:
        return true;
    }
  }
  // And has not been seen by the handler.
  bool OpensToRead(int flags) const {
    return (data_.args[flags] & (O_ACCMODE | O_CREAT | O_DIRECTORY | O_PATH)) == 0 &&
           data_.args[flags] >> 32 != 0xab15ab15;
  }
  unsigned Option() const { return static_cast<unsigned>(data_.args[0]); }

  unsigned Question() const {
    const bool loads = c_.options.loads && data_.args[1] == 0x100;
    if (loads) return SECCOMP_RET_ERRNO | 0x400;
    if (data_.args[1] > 3) return SECCOMP_RET_ALLOW;
    const Word all = kLayout.base / 4096 + kContract * 0x100000ul +
                     (c_.plan.translates ? 0x10000000 : 0) +
                     (c_.options.count_repairs ? 0x20000000 : 0) + c_.options.exec * 0x40000000ul +
                     (c_.options.bare ? 0x100000000ul : 0);
    const Word bits = all >> (10 * data_.args[1]) & 1023;
    return SECCOMP_RET_ERRNO | static_cast<unsigned>(1024 + bits);
  }

  const Case& c_;
  const seccomp_data& data_;
};

constexpr Word kPointers[] = {kLayout.gate,
                              kLayout.gate + 2,
                              kLayout.left,
                              kLayout.left - 1,
                              kLayout.gate + 4095,
                              kLayout.gate + 4096,
                              kLayout.gate - 1,
                              kLayout.gate | 1ul << 32,
                              kLayout.gate | 1ul << 63,
                              0x7f1234567890,
                              0};
constexpr Word kCorners[] = {0,
                             1,
                             2,
                             3,
                             kMagic,
                             kMagic | 1ul << 32,
                             kLayout.masks,
                             kLayout.masks + 8,
                             kLayout.masks + kLayout.masks_bytes - 1,
                             kLayout.masks + kLayout.masks_bytes,
                             kLayout.masks - 1,
                             kLayout.masks | 1ul << 32,
                             1ul << 32,
                             21,
                             22,
                             22 | 1ul << 40,
                             1 | 1ul << 63,
                             IORING_ENTER_EXT_ARG | 1,
                             ~0ul ^ IORING_ENTER_EXT_ARG,
                             0x10,
                             0x100022,
                             0x100000ul << 32,
                             0x800,
                             0x1000 | 1ul << 33,
                             0xab15ab15ul << 32,
                             0xab15ab15ul << 32 | O_CLOEXEC,
                             0xab15ab15ul << 32 | O_WRONLY,
                             O_CLOEXEC | O_NONBLOCK,
                             O_PATH,
                             ~0ul};

// Every argument at every corner with the others null, or all bad; pairs; and at random.
std::vector<std::vector<Word>> ArgumentSets() {
  std::vector<std::vector<Word>> sets;
  for (const Word rest : {0ul, ~0ul}) {
    for (int i = 0; i < 6; ++i) {
      for (const Word corner : kCorners) {
        sets.emplace_back(6, rest);
        sets.back()[i] = corner;
      }
    }
  }
  for (int i = 0; i < 5; ++i) {
    for (const Word corner : kCorners) {
      sets.emplace_back(6, ~0ul);
      sets.back()[i] = 0;
      sets.back()[i + 1] = corner;
    }
  }
  for (Word question = 0; question < 6; ++question) sets.push_back({kMagic, question, 0, 0, 0, 0});
  sets.push_back({kMagic, 0x100, 0, 0, 0, 0});
  for (int i = 0; i < 40; ++i) {
    sets.emplace_back();
    for (int j = 0; j < 6; ++j) sets.back().push_back(RandomOf(kCorners));
  }
  return sets;
}

long CheckNumber(const Case& c, const bpf::Program& program, int nr, unsigned arch,
                 const std::vector<std::vector<Word>>& sets) {
  long checked = 0;
  for (const Word pointer : kPointers) {
    for (const std::vector<Word>& set : sets) {
      seccomp_data data{.nr = nr, .arch = arch, .instruction_pointer = pointer, .args = {}};
      for (int i = 0; i < 6; ++i) data.args[i] = set[i];
      const unsigned said = Evaluate(program.begin(), program.length(), data);
      ++checked;
      if (said == Specification(c, data).Answer()) continue;
      ADD_FAILURE() << c.name << ": nr " << nr << std::hex << " ip " << pointer << " args "
                    << ::testing::PrintToString(set) << " said " << said << ", not "
                    << Specification(c, data).Answer();
      return checked;
    }
  }
  return checked;
}

TEST(Filter, SaysWhatTheSpecificationSays) {
  const auto sets = ArgumentSets();
  const std::vector<std::vector<Word>> few(sets.begin(), sets.begin() + 3);
  for (const Case& c : Cases()) {
    bpf::Program program;
    ASSERT_TRUE(BuildFilter(c.plan, kLayout, c.options, &program));
    long checked = 0;
    for (int nr = 0; nr <= 512; ++nr) {
      checked += CheckNumber(c, program, nr, AUDIT_ARCH_X86_64, sets);
      checked += CheckNumber(c, program, nr | 0x40000000, AUDIT_ARCH_X86_64, few);
      checked += CheckNumber(c, program, nr, AUDIT_ARCH_I386, few);
      ASSERT_FALSE(HasFailure());
    }
    for (const int nr : {-1, INT32_MIN, INT32_MAX}) {
      checked += CheckNumber(c, program, nr, AUDIT_ARCH_X86_64, few);
    }
    printf("%s: %u instructions, %ld made-up calls\n", c.name, program.length(), checked);
  }
}

// How the kernel finds out, when a filter is installed, which numbers it need not run it for:
// follows the program as long as it looks at arch and number only. Gives the steps, 0: must be run.
int StepsOfConstantAllow(const bpf::Program& program, unsigned nr) {
  unsigned a = 0;
  int steps = 0;
  for (const sock_filter* now = program.begin(); now != program.end(); ++now) {
    ++steps;
    if (now->code == (BPF_RET | BPF_K)) return now->k == SECCOMP_RET_ALLOW ? steps : 0;
    if (now->code == (BPF_LD | BPF_W | BPF_ABS)) {
      if (now->k != offsetof(seccomp_data, nr) && now->k != offsetof(seccomp_data, arch)) return 0;
      a = now->k == offsetof(seccomp_data, nr) ? nr : AUDIT_ARCH_X86_64;
    } else if (now->code == (BPF_JMP | BPF_JA)) {
      now += now->k;
    } else if (now->code == (BPF_JMP | BPF_JEQ | BPF_K)) {
      now += a == now->k ? now->jt : now->jf;
    } else if (now->code == (BPF_JMP | BPF_JGE | BPF_K)) {
      now += a >= now->k ? now->jt : now->jf;
    } else {
      return 0;
    }
  }
  return 0;
}

bool LacksAFlagOf(int nr, const Plan& plan) {
  for (int i = 0; i < CountAskedFlags(); ++i) {
    if (plan.lacks_flag[i] && kAskedFlags[i].nr == nr) return true;
  }
  return false;
}

TEST(Filter, KeepsTheKernelsAllowBitmapForEveryOtherNumber) {
  const std::set<int> controls = {SYS_rt_sigreturn, SYS_rt_sigprocmask, SYS_rt_sigaction,
                                  SYS_sigaltstack,  SYS_rt_sigsuspend,  SYS_ppoll,
                                  SYS_epoll_pwait,  SYS_epoll_pwait2,   SYS_io_uring_enter,
                                  SYS_pselect6,     SYS_io_pgetevents,  SYS_execve,
                                  SYS_execveat,     SYS_seccomp,        SYS_landlock_restrict_self,
                                  SYS_ptrace};
  for (const Case& c : Cases()) {
    bpf::Program program;
    ASSERT_TRUE(BuildFilter(c.plan, kLayout, c.options, &program));
    int longest = 0;
    for (int nr = 0; nr < 512; ++nr) {
      const bool must_run =
          c.plan.verdict[nr] != Verdict::kPass || nr == SYS_prctl ||
          (c.plan.translates && controls.count(nr) != 0) ||
          (c.options.loads && (nr == SYS_readlink || nr == SYS_readlinkat)) ||
          (c.plan.uname && (nr == SYS_uname || nr == SYS_open || nr == SYS_openat)) ||
          LacksAFlagOf(nr, c.plan);
      const int steps = StepsOfConstantAllow(program, static_cast<unsigned>(nr));
      EXPECT_EQ(steps == 0, must_run) << c.name << " " << nr;
      longest = std::max(longest, steps);
    }
    printf("%s: an allowed call takes %d instructions at most\n", c.name, longest);
  }
}

TEST(Filter, RefusesALayoutThatWouldOpenMoreThanTheImage) {
  bpf::Program program;
  for (const Layout& layout :
       {Layout{}, Layout{.base = 0x70000000, .gate = 0x70001000},
        Layout{.base = 0x70000000, .gate = 0x70001010, .masks = 0x70002000, .masks_bytes = 4096},
        Layout{.base = 0x70000000, .gate = 0x70001000, .masks = 0x70002000, .masks_bytes = 12288},
        Layout{
            .base = 0x70000000, .gate = 0x70001000, .masks = 0x70002000, .masks_bytes = 16384}}) {
    EXPECT_FALSE(BuildFilter(Typical(), layout, {}, &program));
  }
  EXPECT_TRUE(BuildFilter(RepairsOnly(), {}, {}, &program));
}

// Read a difference before you accept it: ABISHIM_REGENERATE=1 writes the files anew.
void CompareWithGolden(const char* name, const Plan& plan, const Layout& layout,
                       const FilterOptions& options) {
  bpf::Program program;
  ASSERT_TRUE(BuildFilter(plan, layout, options, &program));
  const std::string dump = Dump(program.begin(), program.length());
  const auto path = std::filesystem::path(__FILE__).parent_path() / "golden" / name;
  if (getenv("ABISHIM_REGENERATE") != nullptr) std::ofstream(path) << dump;
  std::stringstream golden;
  golden << std::ifstream(path).rdbuf();
  EXPECT_EQ(dump, golden.str()) << path;
}

TEST(Filter, Golden) {
  CompareWithGolden("translates.txt", Typical(), kLayout, {});
  CompareWithGolden("translates_counted.txt", Typical(), kLayout, {.count_repairs = true});
  CompareWithGolden("repairs.txt", RepairsOnly(), {}, {});
  CompareWithGolden("flags.txt", Flags(Typical()), kLayout, {});
}

}  // namespace
}  // namespace abishim::test

// The outer filter's decisions, number by number, against a second reading of the profile's JSON.
#include "shim/command/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/audit.h>

#include <cerrno>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "shim/command/builtin_profiles.h"
#include "shim/command/failure.h"
#include "shim/command/outer_filter.h"
#include "shim/plan/evaluate.h"
#include "tables/lookup.h"
#include "tests/command/spawn.h"

namespace abishim::test {
namespace {

using command::CompileProfile;
using command::ParseProfile;
using nlohmann::json;
using testing::HasSubstr;

constexpr unsigned kAllow = SECCOMP_RET_ALLOW;
constexpr unsigned Errno(int error) { return SECCOMP_RET_ERRNO | error; }

unsigned Decide(const command::Program& program, int nr, std::array<Word, 6> args = {},
                unsigned arch = AUDIT_ARCH_X86_64) {
  seccomp_data data{.nr = nr, .arch = arch, .instruction_pointer = 0x1000, .args = {}};
  std::copy(args.begin(), args.end(), data.args);
  return Evaluate(program.data(), program.size(), data);
}

unsigned Decide(const std::string& profile, int nr, std::array<Word, 6> args = {},
                Version kernel = {6, 1}) {
  return Decide(CompileProfile(ParseProfile(profile, "test", kernel)), nr, args);
}

// The second reading. It knows what the built-in profiles use: conditions on one argument, an
// errno.
bool Matches(const json& rule, const std::string& name, const std::array<Word, 6>& args) {
  if (std::find(rule["names"].begin(), rule["names"].end(), name) == rule["names"].end())
    return false;
  if (!rule.contains("args")) return true;
  const json& condition = rule["args"][0];
  const Word value = args[condition["index"].get<int>()], first = condition["value"];
  const Word second = condition.value("valueTwo", Word{0});
  const std::string op = condition["op"];
  if (op == "SCMP_CMP_EQ") return value == first;
  if (op == "SCMP_CMP_LT") return value < first;
  if (op == "SCMP_CMP_GT") return value > first;
  if (op == "SCMP_CMP_MASKED_EQ") return (value & first) == second;
  ADD_FAILURE() << op;
  return false;
}

unsigned Expected(const json& profile, const std::string& name, const std::array<Word, 6>& args,
                  bool before_4_8) {
  for (const json& rule : profile["syscalls"]) {
    if (before_4_8 && rule.contains("includes")) continue;
    if (!Matches(rule, name, args)) continue;
    return rule["action"] == "SCMP_ACT_ALLOW" ? kAllow : Errno(rule.value("errnoRet", EPERM));
  }
  return Errno(EPERM);
}

std::array<Word, 6> SomeArgs(std::mt19937_64* random) {
  static constexpr Word kInteresting[] = {0,         8,          38,         39,        40,
                                          41,        0x20000,    0x20008,    ~0u,       ~0ul,
                                          1ul << 32, 0x10000000, 0x7e020000, 0x01200011};
  std::array<Word, 6> args;
  for (Word& arg : args) {
    arg = (*random)() % 4 == 0 ? (*random)() : kInteresting[(*random)() % std::size(kInteresting)];
  }
  return args;
}

std::string NameOf(int nr) {
  for (const Row& row : kSyscalls) {
    if (row.nr.OnX86_64() == nr) return std::string(row.name);
  }
  return "";
}

TEST(Profile, BuiltinsDecideAsTheirTextSays) {
  std::mt19937_64 random(20240707);
  for (const char* name : {"docker-19.03", "docker-20.10.0", "docker-2026"}) {
    const std::string_view text = command::BuiltinProfile(name);
    const json profile = json::parse(text);
    for (const bool before_4_8 : {false, true}) {
      const Version kernel = before_4_8 ? Version{4, 7, 99} : Version{4, 8};
      const command::Program program = CompileProfile(ParseProfile(text, name, kernel));
      int allowed = 0, denied = 0;
      for (int nr = 0; nr < arch::kNumbers; ++nr) {
        const std::string call = NameOf(nr);
        for (int i = 0; i < 40; ++i) {
          const std::array<Word, 6> args = SomeArgs(&random);
          const unsigned expected = Expected(profile, call, args, before_4_8);
          ASSERT_EQ(Decide(program, nr, args), expected) << name << " " << nr << " " << call;
          ++(expected == kAllow ? allowed : denied);
        }
      }
      printf("%s: %d allowed, %d denied, %zu instructions\n", name, allowed, denied,
             program.size());
      EXPECT_GT(allowed, 10'000);
      EXPECT_GT(denied, 5'000);
    }
  }
}

TEST(Profile, BuiltinsDecideForI386Too) {
  const command::Program program =
      CompileProfile(command::LoadProfile("docker-19.03", Version{6, 1}));
  const auto decide = [&](std::string_view name) {
    return Decide(program, FindRow(name)->nr.OnI386(), {}, AUDIT_ARCH_I386);
  };
  for (const char* name : {"read", "chown32", "mmap2", "clock_gettime64", "socketcall", "statx"}) {
    EXPECT_EQ(decide(name), name == std::string("clock_gettime64") ? Errno(EPERM) : kAllow) << name;
  }
  for (const char* name : {"mount", "clone3", "faccessat2", "ptrace", "umount"}) {
    EXPECT_EQ(decide(name), name == std::string("ptrace") ? kAllow : Errno(EPERM)) << name;
  }
  // An architecture that the profile does not list: killed, as engines do.
  EXPECT_EQ(Decide(program, 0, {}, AUDIT_ARCH_AARCH64), unsigned{SECCOMP_RET_KILL_THREAD});
}

TEST(Profile, PretendedKernelsLackWhatCameLater) {
  const struct {
    const char* name;
    Version last_without, first_with;
  } kFacts[] = {
      // From the manual pages, not from the table.
      {"accept4", {2, 6, 27}, {2, 6, 28}}, {"prlimit64", {2, 6, 35}, {2, 6, 36}},
      {"sendmmsg", {2, 6, 39}, {3, 0}},    {"renameat2", {3, 14}, {3, 15}},
      {"getrandom", {3, 16, 9}, {3, 17}},  {"memfd_create", {3, 16}, {3, 17}},
      {"execveat", {3, 18}, {3, 19}},      {"mlock2", {4, 3}, {4, 4}},
      {"copy_file_range", {4, 4}, {4, 5}}, {"preadv2", {4, 5}, {4, 6}},
      {"statx", {4, 10}, {4, 11}},         {"pidfd_open", {5, 2}, {5, 3}},
      {"clone3", {5, 2, 21}, {5, 3}},      {"openat2", {5, 5}, {5, 6}},
      {"faccessat2", {5, 7}, {5, 8}},      {"close_range", {5, 8}, {5, 9}},
      {"epoll_pwait2", {5, 10}, {5, 11}},  {"fchmodat2", {6, 5}, {6, 6}},
  };
  for (const auto& fact : kFacts) {
    const int nr = FindRow(fact.name)->nr.OnX86_64();
    EXPECT_EQ(Decide(command::PretendKernel({.name = "", .version = fact.last_without}, false), nr),
              Errno(ENOSYS))
        << fact.name;
    EXPECT_EQ(Decide(command::PretendKernel({.name = "", .version = fact.first_with}, false), nr),
              kAllow)
        << fact.name;
  }
  // Every number once: missing exactly where its row says so; unknown numbers are newer still.
  for (const Version version :
       {Version{2, 6, 32}, Version{3, 10}, Version{4, 18}, Version{6, 17}}) {
    const command::Program program =
        command::PretendKernel({.name = "", .version = version}, false);
    for (int nr = 0; nr < arch::kNumbers; ++nr) {
      const Row* row = FindRow(NameOf(nr));
      const bool reserved = row == nullptr && nr < 472;  // no call has this number
      const bool missing = !reserved && (row == nullptr || arch::SinceIn(*row) > version);
      ASSERT_EQ(Decide(program, nr), missing ? Errno(ENOSYS) : kAllow) << nr;
    }
    EXPECT_EQ(Decide(program, 355, {}, AUDIT_ARCH_I386), kAllow);
  }
}

TEST(Profile, ConditionsAreAndedAndRepeatedIndicesAreAlternatives) {
  const std::string kBoth = R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{
    "names": ["lseek"], "action": "SCMP_ACT_ALLOW", "args": [
      {"index": 1, "value": 5, "op": "SCMP_CMP_GE"}, {"index": 2, "value": 1, "op": "SCMP_CMP_NE"}]}]})";
  EXPECT_EQ(Decide(kBoth, 8, {0, 5, 0}), kAllow);
  EXPECT_EQ(Decide(kBoth, 8, {0, 4, 0}), Errno(EPERM));
  EXPECT_EQ(Decide(kBoth, 8, {0, 5, 1}), Errno(EPERM));
  const std::string kEither = R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{
    "names": ["lseek"], "action": "SCMP_ACT_ALLOW", "args": [
      {"index": 1, "value": 5, "op": "SCMP_CMP_EQ"}, {"index": 1, "value": 7, "op": "SCMP_CMP_EQ"},
      {"index": 2, "value": 2, "op": "SCMP_CMP_LE"}]}]})";
  EXPECT_EQ(Decide(kEither, 8, {0, 5, 9}), kAllow);
  EXPECT_EQ(Decide(kEither, 8, {0, 7, 9}), kAllow);
  EXPECT_EQ(Decide(kEither, 8, {0, 6, 9}), Errno(EPERM));
  EXPECT_EQ(Decide(kEither, 8, {0, 6, 2}), kAllow);
}

TEST(Profile, ErrnosAndDefaults) {
  const std::string kText = R"({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38,
    "syscalls": [{"names": ["read", "not_a_call_at_all"], "action": "SCMP_ACT_ALLOW"},
                 {"name": "write", "action": "SCMP_ACT_ERRNO", "errnoRet": 13},
                 {"name": "close", "action": "SCMP_ACT_ERRNO", "errnoRet": null},
                 {"name": "fstat", "action": "SCMP_ACT_KILL_PROCESS"},
                 {"name": "poll", "action": "SCMP_ACT_TRAP"}, {"name": "dup", "action": "SCMP_ACT_LOG"}]})";
  EXPECT_EQ(Decide(kText, 0), kAllow);
  EXPECT_EQ(Decide(kText, 1), Errno(EACCES));
  EXPECT_EQ(Decide(kText, 2), Errno(ENOSYS));
  EXPECT_EQ(Decide(kText, 3), Errno(ENOSYS));
  EXPECT_EQ(Decide(kText, 5), unsigned{SECCOMP_RET_KILL_PROCESS});
  EXPECT_EQ(Decide(kText, 7), unsigned{SECCOMP_RET_TRAP});
  EXPECT_EQ(Decide(kText, 32), unsigned{SECCOMP_RET_LOG});
  // Known to our table and not to libseccomp 2.5.4.
  EXPECT_EQ(Decide(R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
                       {"name": "mseal", "action": "SCMP_ACT_ERRNO"}]})",
                   462),
            Errno(EPERM));
}

TEST(Profile, DockersConditions) {
  const auto decide = [](const std::string& conditions, Version kernel = {6, 1}) {
    return Decide(R"({"defaultAction": "SCMP_ACT_ERRNO", "archMap": [
      {"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]},
      {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["SCMP_ARCH_ARM"]}],
      "syscalls": [{"names": ["mount"], "action": "SCMP_ACT_ALLOW", )" +
                      conditions + "}]}",
                  165, {}, kernel) == kAllow;
  };
  EXPECT_TRUE(decide(R"("includes": {}, "excludes": {}, "comment": "")"));
  EXPECT_TRUE(decide(R"("includes": null, "args": null)"));
  EXPECT_FALSE(decide(R"("includes": {"caps": ["CAP_SYS_ADMIN"]})"));
  EXPECT_TRUE(decide(R"("includes": {"caps": ["CAP_SYS_CHROOT", "CAP_KILL"]})"));
  EXPECT_FALSE(decide(R"("includes": {"caps": ["CAP_SYS_CHROOT", "CAP_SYS_ADMIN"]})"));
  EXPECT_TRUE(decide(R"("excludes": {"caps": ["CAP_SYS_ADMIN"]})"));
  EXPECT_FALSE(decide(R"("excludes": {"caps": ["CAP_SYS_ADMIN", "CAP_CHOWN"]})"));
  EXPECT_TRUE(decide(R"("includes": {"arches": ["arm64", "amd64"]})"));
  EXPECT_FALSE(decide(R"("includes": {"arches": ["arm64"]})"));
  EXPECT_FALSE(decide(R"("excludes": {"arches": ["amd64"]})"));
  EXPECT_TRUE(decide(R"("includes": {"minKernel": "4.8"})", {4, 8}));
  EXPECT_FALSE(decide(R"("includes": {"minKernel": "4.8"})", {4, 7, 10}));
  EXPECT_FALSE(decide(R"("excludes": {"minKernel": "4.8"})", {4, 8}));
  EXPECT_TRUE(decide(R"("excludes": {"minKernel": "4.8"})", {4, 7, 10}));
  EXPECT_FALSE(decide(R"("includes": {"minKernel": "4.8", "caps": ["CAP_BPF"]})", {4, 8}));
}

}  // namespace
}  // namespace abishim::test

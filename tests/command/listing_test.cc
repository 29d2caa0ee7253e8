// `abishim syscalls` and `abishim doctor`: what they print is true and parses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tables/flags.h"
#include "tests/command/spawn.h"

namespace abishim::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST(Listing, SyscallsHasEveryRow) {
  int expected = 0;
  for (const Row& row : kSyscalls) expected += row.nr.OnX86_64() != kNone;
  expected += std::size(kFlags);
  const json all = json::parse(Off({"syscalls", "--json"}).out);
  EXPECT_EQ(all.size(), expected);
  const std::string text = Off({"syscalls"}).out;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), expected + 3);
  EXPECT_THAT(text, HasSubstr("epoll_pwait2"));
  EXPECT_THAT(text, HasSubstr("Timeouts are rounded up"));
}

// Whatever came after 2.6.32 has a class, and a refusal its reason: as the user sees it.
TEST(Listing, NothingNewerIsWithoutClassOrReason) {
  const json all = json::parse(Off({"syscalls", "--json", "--since=2.6.33"}).out);
  int refused = 0;
  for (const json& row : all) {
    EXPECT_TRUE(row.at("class") == "exact" || row.at("class") == "partial" ||
                row.at("class") == "refuse")
        << row;
    if (row.at("class") == "refuse") {
      ++refused;
      EXPECT_GT(row.at("reason").get<std::string>().size(), 20u) << row;
    }
    if (row.at("class") == "partial") {
      EXPECT_GT(row.at("loses").get<std::string>().size(), 10u);
    }
  }
  EXPECT_GT(refused, 100);
}

TEST(Listing, SyscallsHasTheFlags) {
  const json all = json::parse(Off({"syscalls", "--json", "--since=4.17"}).out);
  const auto find = [&](const std::string& name) {
    for (const json& row : all) {
      if (row.value("flag", "") == name) return row;
    }
    return json();
  };
  const json flag = find("MAP_FIXED_NOREPLACE");  // inclusive
  EXPECT_EQ(flag.at("call"), "mmap");
  EXPECT_EQ(flag.at("since"), "4.17");
  EXPECT_EQ(flag.at("older"), "ignored");
  EXPECT_EQ(flag.at("class"), "partial");
  EXPECT_EQ(flag.at("translated"), true);
  EXPECT_EQ(find("P_PIDFD").at("older"), "EINVAL");
  EXPECT_TRUE(find("F_OFD_SETLK").is_null());  // 3.15
  EXPECT_THAT(Off({"syscalls", "--since=4.17"}).out, HasSubstr("\nmmap(MAP_FIXED_NOREPLACE)"));
}

TEST(Listing, SyscallsOfAnArchitectureSinceAVersion) {
  const auto find = [](const json& all, const std::string& name) {
    for (const json& row : all) {
      if (row.value("name", "") == name) return row;
    }
    return json();
  };
  const json riscv = json::parse(Off({"syscalls", "--json", "--arch=riscv64"}).out);
  EXPECT_EQ(find(riscv, "getrandom").at("number"), 278);
  EXPECT_TRUE(find(riscv, "access").is_null());
  const json i386 = json::parse(Off({"syscalls", "--json", "--arch", "i386"}).out);
  EXPECT_EQ(find(i386, "getrandom").at("number"), 355);
  EXPECT_EQ(find(i386, "accept4").at("since"), "4.3");
  const json newer = json::parse(Off({"syscalls", "--json", "--since=5.11"}).out);
  EXPECT_EQ(find(newer, "epoll_pwait2").at("since"), "5.11");  // inclusive
  EXPECT_TRUE(find(newer, "close_range").is_null());           // 5.9
  const json sysctl = find(json::parse(Off({"syscalls", "--json"}).out), "_sysctl");
  EXPECT_EQ(sysctl.at("removed"), "5.5");
}

// The plan is the same whoever prints it, and agrees with what was pretended.
TEST(Listing, DoctorSaysWhatThePretendedHostAnswers) {
  const auto doctor = [](Words start, const std::string& policy) {
    start.insert(start.end(), {ABISHIM_COMMAND, "doctor", "--json", "--policy=" + policy});
    const Outcome outcome = Off(start);
    EXPECT_EQ(outcome.exit, 0) << outcome.err;
    return json::parse(outcome.out);
  };
  const auto verdict = [](const json& found, const std::string& name) {
    for (const json& call : found.at("calls")) {
      if (call.at("name") == name) {
        return call.at("answer").get<std::string>() + " " + call.at("verdict").get<std::string>();
      }
    }
    return std::string("none");
  };
  const json here = doctor({"run", "--"}, "translate");
  EXPECT_EQ(here.at("filter_in_force"), false);
  EXPECT_EQ(here.at("filters_see_caller"), "works");
  EXPECT_EQ(here.at("shim_active"), false);
  EXPECT_EQ(verdict(here, "getrandom"), "works pass");

  const json old = doctor({"run", "--pretend-kernel=3.10", "--"}, "translate");
  EXPECT_EQ(old.at("filter_in_force"), true);
  EXPECT_EQ(verdict(old, "getrandom"), "missing translate");
  EXPECT_EQ(verdict(old, "prlimit64"), "works pass");
  EXPECT_EQ(old.at("counts").at("translate").get<int>() + old.at("counts").at("repair").get<int>() +
                old.at("counts").at("pass").get<int>() + old.at("counts").at("killed").get<int>(),
            static_cast<int>(old.at("calls").size()));

  const auto translated = [](const json& found, const std::string& flag) {
    for (const json& row : found.at("flags")) {
      if (row.at("flag") == flag) return row.at("translated").get<bool>();
    }
    return false;
  };
  const json older = doctor({"run", "--pretend-kernel=5.4", "--"}, "translate");
  EXPECT_TRUE(translated(older, "GRND_INSECURE"));
  EXPECT_FALSE(translated(older, "CLOSE_RANGE_CLOEXEC")) << "the call itself is missing";
  EXPECT_FALSE(translated(here, "GRND_INSECURE"));

  const json denied = doctor({"run", "--profile=docker-19.03", "--"}, "repair");
  EXPECT_EQ(verdict(denied, "faccessat2"), "denied repair");
  EXPECT_EQ(verdict(denied, "clone3"), "denied repair");
  EXPECT_EQ(denied.at("counts").at("translate"), 0);
  EXPECT_EQ(denied.at("policy"), "repair");
}

TEST(Listing, DoctorPrintsALinePerCallAndASummary) {
  const Outcome outcome = Off({"run", "--profile=docker-19.03", "--", ABISHIM_COMMAND, "doctor"});
  EXPECT_EQ(outcome.exit, 0);
  EXPECT_THAT(outcome.out, HasSubstr("\nfaccessat2               denied    translate"));
  EXPECT_THAT(outcome.out, testing::Not(HasSubstr("getrandom")));
  EXPECT_THAT(outcome.out, HasSubstr("\nplan: "));
  EXPECT_THAT(Off({"doctor"}).out, HasSubstr("plan: empty"));
}

TEST(Listing, DoctorSaysWhatCannotBeHelped) {
  const Outcome outcome =
      Spawn({ABISHIM_COMMAND, "run", "--profile=/dev/stdin", "--", ABISHIM_COMMAND, "doctor"},
            R"({"defaultAction": "SCMP_ACT_ALLOW",
          "syscalls": [{"names": ["statx", "openat2"], "action": "SCMP_ACT_KILL_PROCESS"}]})",
            [] { setenv("ABISHIM", "off", 1); });
  EXPECT_THAT(outcome.out, HasSubstr("\nstatx                    kills"));
  EXPECT_THAT(outcome.out, HasSubstr("2 killed"));
}

}  // namespace
}  // namespace abishim::test

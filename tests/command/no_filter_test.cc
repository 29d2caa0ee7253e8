// A preloaded library whose filter the kernel does not take, as before Linux 3.5: the program must
// find everything as if it were not there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/command/spawn.h"

namespace abishim::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr char kProfile[] =
    R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["statx", "seccomp"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38},
        {"names": ["prctl"], "action": "SCMP_ACT_ERRNO", "errnoRet": 22,
         "args": [{"index": 0, "value": %, "op": "SCMP_CMP_EQ"}]}]})";

// What comes of `words` under such a profile, where this prctl option is EINVAL.
Outcome Without(int option, const Words& options, const Words& program, bool off) {
  char name[] = "/tmp/abishim-profile-XXXXXX";
  close(mkstemp(name));
  std::string profile = kProfile;
  profile.replace(profile.find('%'), 1, std::to_string(option));
  std::ofstream(name) << profile;
  Words words{ABISHIM_COMMAND, "run", "--profile=" + std::string(name)};
  words.insert(words.end(), options.begin(), options.end());
  words.push_back("--");
  words.insert(words.end(), program.begin(), program.end());
  const Outcome outcome = Spawn(words, "", [&] {
    if (off) setenv("ABISHIM", "off", 1);
  });
  fs::remove(name);
  return outcome;
}

// What /proc says of a process that preloads the library.
Outcome StatusWithout(int option, const Words& enter) {
  const std::string library = fs::path(ABISHIM_COMMAND).parent_path() / "libabishim.so";
  Words program = enter;
  program.insert(program.end(), {"env", "-u", "ABISHIM", "ABISHIM_LOG=-", "LD_PRELOAD=" + library,
                                 "cat", "/proc/self/status", "/proc/self/maps"});
  return Without(option, {}, program, true);
}

void ExpectNothing(const Outcome& outcome) {
  EXPECT_EQ(outcome.exit, 0);
  EXPECT_THAT(outcome.err, HasSubstr("filter not installed: errno 22\n"));
  EXPECT_THAT(outcome.out, HasSubstr("\nSigCgt:\t0000000000000000\n"));
  // Bases are below 2 GiB.
  EXPECT_THAT(outcome.out, testing::Not(testing::ContainsRegex("\n7[0-9a-f]{7}-")));
}

TEST(NoFilter, OnAKernelThatHasNone) { ExpectNothing(StatusWithout(22, {})); }

// NO_NEW_PRIVS cannot be had: that comes out when the image is there already.
TEST(NoFilter, WhereItFailsInTheEnd) {
  if (getuid() != 0) GTEST_SKIP() << "needs root";
  ExpectNothing(StatusWithout(38, {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"}));
}

// Who asks for the shim is told.
TEST(NoFilter, RunSaysSo) {
  const Outcome outcome = Without(22, {}, {"true"}, false);
  EXPECT_EQ(outcome.exit, 0);
  EXPECT_THAT(outcome.err,
              testing::EndsWith("no call is translated: the kernel takes no filter: errno 22\n"));
  EXPECT_EQ(Without(22, {"--log=/dev/null"}, {"true"}, false).err, "");
}

}  // namespace
}  // namespace abishim::test

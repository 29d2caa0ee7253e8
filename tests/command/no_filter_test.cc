// A preloaded library whose filter the kernel does not take, as before Linux 3.5: the program must
// find everything as if it were not there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
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

// What /proc says of a process under such a profile, where this prctl option is EINVAL.
Outcome StatusWithout(int option, const Words& enter) {
  char name[] = "/tmp/abishim-profile-XXXXXX";
  close(mkstemp(name));
  std::string profile = kProfile;
  profile.replace(profile.find('%'), 1, std::to_string(option));
  std::ofstream(name) << profile;
  const std::string library = fs::path(ABISHIM_COMMAND).parent_path() / "libabishim.so";
  Words words{"run", "--profile=" + std::string(name), "--"};
  words.insert(words.end(), enter.begin(), enter.end());
  words.insert(words.end(), {"env", "-u", "ABISHIM", "ABISHIM_LOG=-", "LD_PRELOAD=" + library,
                             "cat", "/proc/self/status", "/proc/self/maps"});
  Outcome outcome = Off(words);
  fs::remove(name);
  return outcome;
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

}  // namespace
}  // namespace abishim::test

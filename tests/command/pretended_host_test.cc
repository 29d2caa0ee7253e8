// --pretend-kernel and --profile for real: malformed files are refused, good ones enforced by the
// kernel.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "tests/command/spawn.h"

namespace abishim::test {
namespace {

using testing::HasSubstr;

TEST(PretendedHost, MalformedProfilesAreOneLineAndExit2) {
  const std::pair<std::string, std::string> kWrong[] = {
      {"", "parse error"},
      {"{", "parse error"},
      {"[]", "not an object"},
      {"{}", "defaultAction"},
      {R"({"defaultAction": 3})", "string"},
      {R"({"defaultAction": "ALLOW"})", "'ALLOW'"},
      {R"({"defaultAction": "SCMP_ACT_NOTIFY"})", "supervisor"},
      {R"({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": -1})", "-1"},
      {R"({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 5000})", "5000"},
      {R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": 3})", ""},
      {R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{}]})", "without names"},
      {R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"name": "read"}]})", "action"},
      {R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
         {"name": "a", "names": ["b"], "action": "SCMP_ACT_ALLOW"}]})",
       "exclude"},
      {R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"name": "read",
         "action": "SCMP_ACT_ALLOW", "args": [{"index": 6, "op": "SCMP_CMP_EQ"}]}]})",
       "index 6"},
      {R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"name": "read",
         "action": "SCMP_ACT_ALLOW", "args": [{"index": 1, "op": "EQ"}]}]})",
       "'EQ'"},
      {R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"name": "read",
         "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "new"}}]})",
       "minKernel"},
      {R"({"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_VAX"]})", "VAX"},
      {R"({"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86"],
         "archMap": [{"architecture": "SCMP_ARCH_X86_64"}]})",
       "archMap"},
  };
  for (const auto& [text, part] : kWrong) {
    const Outcome outcome = Off({"run", "--profile=/dev/stdin", "--", "true"}, text);
    EXPECT_EQ(outcome.exit, 2) << text;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(part)) << text;
  }
}

// And now for real: what a program gets from the kernel. perl prints errno, 0 for success.
int ErrnoUnder(const Words& options, const std::string& call) {
  Words words{"run"};
  words.insert(words.end(), options.begin(), options.end());
  words.insert(words.end(),
               {"--", "perl", "-e", "$! = 0; $r = syscall(" + call + "); print $r < 0 ? $!+0 : 0"});
  const Outcome outcome = Off(words);
  EXPECT_EQ(outcome.exit, 0) << outcome.err;
  return outcome.out.empty() ? -1 : atoi(outcome.out.c_str());
}

TEST(PretendedHost, TheKernelEnforcesIt) {
  const std::string kGetrandom = "318, $b = ' ' x 8, 8, 0", kClone3 = "435, 0, 0",
                    kFaccessat2 = "439, -100, $b = '/', 0, 0", kMount = "165, 0, 0, 0, 0, 0",
                    kCloneUser = "56, 0x10000000, 1, 0, 0, 0", kPtrace = "101, -1, -1, 0, 0";
  EXPECT_EQ(ErrnoUnder({"--pretend-kernel=3.16"}, kGetrandom), ENOSYS);
  EXPECT_EQ(ErrnoUnder({"--pretend-kernel=3.17"}, kGetrandom), 0);
  EXPECT_EQ(ErrnoUnder({}, kFaccessat2), 0);
  EXPECT_EQ(ErrnoUnder({"--profile=docker-19.03"}, kFaccessat2), EPERM);
  EXPECT_EQ(ErrnoUnder({"--profile=docker-19.03"}, kClone3), EPERM);
  EXPECT_EQ(ErrnoUnder({"--profile=docker-20.10.0"}, kFaccessat2), 0);
  EXPECT_EQ(ErrnoUnder({"--profile=docker-20.10.0"}, kClone3), EPERM);
  EXPECT_EQ(ErrnoUnder({"--profile=docker-2026"}, kClone3), ENOSYS);
  for (const char* name : {"docker-19.03", "docker-20.10.0", "docker-2026"}) {
    const Words profile{std::string("--profile=") + name};
    EXPECT_EQ(ErrnoUnder(profile, kMount), EPERM);
    EXPECT_EQ(ErrnoUnder(profile, kCloneUser), EPERM);
    EXPECT_EQ(ErrnoUnder(profile, "135, 0xffffffff"), 0);
    EXPECT_EQ(ErrnoUnder(profile, "135, 0x0400000"), EPERM);  // READ_IMPLIES_EXEC
    EXPECT_EQ(ErrnoUnder(profile, kPtrace), ESRCH);
    EXPECT_EQ(ErrnoUnder({profile[0], "--pretend-kernel=4.7"}, kPtrace), EPERM);
  }
  EXPECT_EQ(ErrnoUnder({"--profile=docker-19.03", "--pretend-kernel=4.7"}, "310, 0, 0, 0, 0, 0, 0"),
            EPERM);  // process_vm_readv
}

// 3.10 with calls brought back: data of the real thing, booted.
TEST(PretendedHost, Rhel7IsMoreThanItsVersion) {
  const std::string kGetrandom = "318, $b = ' ' x 8, 8, 0",
                    kStatx = "332, 0, $b = '', 0x1000, 0, 0";
  EXPECT_EQ(ErrnoUnder({"--pretend-kernel=rhel7"}, kGetrandom), 0);
  EXPECT_EQ(ErrnoUnder({"--pretend-kernel=rhel7"}, "319, $b = 'x', 2"), 0);  // a memfd with seals
  EXPECT_EQ(ErrnoUnder({"--pretend-kernel=rhel7"}, "319, $b = 'x', 16"), EINVAL);  // MFD_EXEC
  EXPECT_EQ(ErrnoUnder({"--pretend-kernel=rhel7"}, kStatx), ENOSYS);
  EXPECT_EQ(ErrnoUnder({"--pretend-kernel=3.10"}, kGetrandom), ENOSYS);
  EXPECT_EQ(ErrnoUnder({"--pretend-kernel=rhel8.1"}, kStatx), EFAULT);
  EXPECT_EQ(ErrnoUnder({"--pretend-kernel=rhel8.1"}, "434, 1, 0"), ENOSYS);
}

// Its copy_file_range is there, checks its arguments, and serves nobody.
TEST(PretendedHost, Rhel7CopiesNothing) {
  const std::string files = "open $i, '<', '/etc/passwd'; open $o, '+>', undef; $n = -s $i;";
  const auto copied = [&](bool shim) {
    const std::string script =
        files +
        "$r = syscall(326, fileno $i, 0, fileno $o, 0, $n, 0);"
        "print $r == $n ? 'all' : $!+0, ' ', syscall(326, -1, 0, -1, 0, 1, 0), ' ', $!+0";
    const Outcome outcome = Spawn(
        {ABISHIM_COMMAND, "run", "--pretend-kernel=rhel7", "--", "perl", "-e", script}, "", [&] {
          if (!shim) setenv("ABISHIM", "off", 1);
        });
    return outcome.out;
  };
  EXPECT_EQ(copied(false), std::to_string(ENOSYS) + " -1 " + std::to_string(EBADF));
  EXPECT_EQ(copied(true), "all -1 " + std::to_string(EBADF));
}

// The filter runs before the kernel looks for the call: of EPERM and ENOSYS the profile's wins,
// also where the pretended kernel has no seccomp(2) to install it with.
TEST(PretendedHost, OfTwoAnswersTheProfilesWins) {
  const Words both{"--pretend-kernel=3.10", "--profile=docker-19.03"};
  EXPECT_EQ(ErrnoUnder(both, "439, -100, 0, 0, 0"), EPERM);  // faccessat2: denied and missing
  EXPECT_EQ(ErrnoUnder(both, "318, 0, 0, 0"), ENOSYS);       // getrandom: allowed, missing
  EXPECT_EQ(ErrnoUnder(both, "165, 0, 0, 0, 0, 0"), EPERM);  // mount: denied, there
}

TEST(PretendedHost, ADefaultOfEnosysWorksDownToTheExec) {
  const std::string kText = R"({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38,
    "syscalls": [{"names": ["execve", "exit_group", "brk", "mmap", "mprotect", "munmap", "openat",
      "read", "pread64", "close", "newfstatat", "fstat", "arch_prctl", "futex", "write"],
      "action": "SCMP_ACT_ALLOW"}]})";
  for (const char* stats : {"", "--stats"}) {
    Words words{"run", "--profile=/dev/stdin", "--", "/bin/echo", "alive"};
    if (*stats != 0) words.insert(words.begin() + 1, stats);
    const Outcome outcome = Off(words, kText);
    EXPECT_EQ(outcome.exit, 0);
    EXPECT_EQ(outcome.out, "alive\n");
  }
  // Without execve the exec fails, honestly.
  const Outcome denied = Off({"run", "--profile=/dev/stdin", "--", "true"},
                             R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
                                 {"name": "execve", "action": "SCMP_ACT_ERRNO"}]})");
  EXPECT_EQ(denied.exit, 126);
  EXPECT_THAT(denied.err, HasSubstr("true: the profile denies execve"));
}

TEST(PretendedHost, AProfileThatNoFilterHoldsIsRefused) {
  std::string rules;
  for (int i = 0; i < 5000; ++i) {
    rules += R"({"name": "ioctl", "action": "SCMP_ACT_ALLOW", "args": [
                {"index": 1, "op": "SCMP_CMP_EQ", "value": )" +
             std::to_string(1L << 33 | i * 3) + "}]},";
  }
  rules.pop_back();
  char path[] = "/tmp/abishim-profile-XXXXXX";  // more than a pipe would hold
  const int fd = mkstemp(path);
  const std::string text = R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [)" + rules + "]}";
  ASSERT_EQ(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  close(fd);
  const Outcome outcome = Off({"run", std::string("--profile=") + path, "--", "true"});
  unlink(path);
  EXPECT_EQ(outcome.exit, 2);
  EXPECT_EQ(outcome.err, "abishim: --profile: more rules than a filter holds\n");
}

}  // namespace
}  // namespace abishim::test

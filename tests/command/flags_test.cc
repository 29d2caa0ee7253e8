// --pretend-kernel and flags: refused by the outer filter, ignored with the help of a tracer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>

#include "tests/command/spawn.h"

namespace abishim::test {
namespace {

// What a perl script prints under `abishim run OPTIONS`, with the shim or without.
std::string Said(bool shim, const Words& options, const std::string& script) {
  Words words{ABISHIM_COMMAND, "run"};
  words.insert(words.end(), options.begin(), options.end());
  words.insert(words.end(), {"--", "perl", "-e", "$| = 1; " + script});
  const Outcome outcome = Spawn(words, "", [&] {
    if (!shim) setenv("ABISHIM", "off", 1);
  });
  EXPECT_EQ(outcome.exit, 0) << outcome.err;
  return outcome.out;
}

// perl prints errno, 0 for success.
int ErrnoUnder(const std::string& kernel, const std::string& call) {
  const std::string script =
      "socket S, 2, 1, 0; $! = 0; $r = syscall(" + call + "); print $r < 0 ? $!+0 : 0";
  const std::string said = Said(false, {"--pretend-kernel=" + kernel}, script);
  return said.empty() ? -1 : atoi(said.c_str());
}

// And the call without the flag is the host's.
TEST(PretendedFlags, AreRefusedAsTheyWere) {
  struct Case {
    const char *call, *without;
    int errno_before;
    const char *before, *since;
  };
  const char* const kReuse = "54, fileno(S), 1, 15, $b = pack('l', 1), 4";
  const Case cases[] = {
      {"318, $b = ' ' x 8, 8, 4", "318, $b = ' ' x 8, 8, 1", EINVAL, "5.5", "5.6"},
      {"319, $b = 'x', 16", "319, $b = 'x', 1", EINVAL, "6.2", "6.3"},
      {"436, 70, 80, 4", "436, 70, 80, 0", EINVAL, "5.10", "5.11"},
      {"257, -100, $b = '/tmp', 0x410002, 0600", "257, -100, $b = '/', 0", EISDIR, "3.10", "3.11"},
      {"72, 0, 37, $b = pack('s2x4q2x8', 2, 0, 0, 0)", "72, 0, 1, 0", EINVAL, "3.14", "3.15"},
      {"157, 0x53564d41, 0, 0, 0, 0", "157, 3, 0, 0, 0, 0", EINVAL, "5.16", nullptr},
      {"202, $b = pack('L2', 0, 0), 13, 0, 0, 0, 0", "202, $b = ' ' x 8, 1, 0, 0, 0, 0", ENOSYS,
       "5.13", "5.14"},
      // A socket's options are told apart by their level: IP's 15 is IP_FREEBIND.
      {kReuse, "54, fileno(S), 0, 15, $b = pack('l', 1), 4", ENOPROTOOPT, "3.8", "3.9"},
      {"55, fileno(S), 1, 57, $b = ' ' x 8, $c = pack('l', 8)",
       "55, fileno(S), 1, 3, $b = ' ' x 8, $c = pack('l', 8)", ENOPROTOOPT, "4.11", "4.12"},
      {"54, fileno(S), 6, 30, $b = pack('l', 1), 4", "54, fileno(S), 6, 1, $b = pack('l', 1), 4",
       ENOPROTOOPT, "4.10", "4.11"},
      {"41, 2, 1, 262", "41, 2, 1, 0", EPROTONOSUPPORT, "5.5", nullptr},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(ErrnoUnder(c.before, c.call), c.errno_before) << c.call;
    EXPECT_EQ(ErrnoUnder(c.before, c.without), 0) << c.without;
    if (c.since == nullptr) continue;
    EXPECT_EQ(ErrnoUnder(c.since, c.call), 0) << c.call;
  }
}

// glibc from 2.33 on begins with newfstatat(AT_EMPTY_PATH): nothing starts before Linux 2.6.39.
TEST(PretendedFlags, TrixieStartsOn2632WithTheShimAlone) {
  const Words words{"run", "--pretend-kernel=2.6.32", "--", "perl", "-e", "print 'alive'"};
  EXPECT_EQ(Off(words).exit, 127);
  EXPECT_EQ(Said(true, {"--pretend-kernel=2.6.32"}, "print 'alive'"), "alive");
}

// A second mapping at the place of a first one.
constexpr char kTwice[] =
    "$a = syscall(9, 0, 4096, 3, 0x22, -1, 0);"
    "$b = syscall(9, $a, 4096, 3, 0x100022, -1, 0);"
    "print $b == -1 ? $!+0 : $b == $a ? 'there' : 'elsewhere'";

TEST(PretendedFlags, AreIgnoredWithFlagsAlone) {
  EXPECT_EQ(Said(false, {"--pretend-kernel=4.16", "--flags"}, kTwice), "elsewhere");
  EXPECT_EQ(Said(false, {"--pretend-kernel=4.16"}, kTwice), std::to_string(EEXIST));
  EXPECT_EQ(Said(false, {"--pretend-kernel=4.17", "--flags"}, kTwice), std::to_string(EEXIST));
}

TEST(PretendedFlags, WhatIsIgnoredIsTranslated) {
  EXPECT_EQ(Said(true, {"--pretend-kernel=4.16", "--flags"}, kTwice), std::to_string(EEXIST));
}

// Nor does the shim itself rely on what is ignored. (Its helpers are not traced: what the filter
// hands over is ENOSYS there.)
TEST(PretendedFlags, SitesArePatchedAllTheSame) {
  char log[] = "/tmp/abishim-log-XXXXXX";
  close(mkstemp(log));
  Said(true, {"--pretend-kernel=4.10", "--flags", "--mode=eager", "--log=" + std::string(log)},
       "syscall(332, -1, $b = '', 0, 0, $b) for 1, 2");
  std::ostringstream lines;
  lines << std::ifstream(log).rdbuf();
  EXPECT_THAT(lines.str(), testing::HasSubstr(" of call 332 patched\n"));
  unlink(log);
}

// And in children, over an exec, and beside stops and signals of all kinds.
TEST(PretendedFlags, TheTracerSeesToTheWholeTree) {
  const std::string again =
      "exec $^X, '-e', q{" + std::string(kTwice) + "} unless fork; wait; print ' ';";
  const std::string stopped =
      "unless (fork) { kill STOP => $$; exit 7 } select undef, undef, undef, 0.2;"
      "kill CONT => -getpgrp; wait; print $? >> 8, ' ';";
  const std::string waited =
      "$SIG{ALRM} = sub { print 'alarm ' }; alarm 1; select undef, undef, undef, 5;";
  const std::string script = "setpgrp; $SIG{CONT} = 'IGNORE';" + again + stopped + waited + kTwice;
  for (const bool shim : {false, true}) {
    const std::string twice = shim ? std::to_string(EEXIST) : "elsewhere";
    EXPECT_EQ(Said(shim, {"--pretend-kernel=4.16", "--flags"}, script),
              twice + " 7 alarm " + twice);
  }
}

// A process has one tracer: who wants to be another is told so, once, and fails as he would anyway.
TEST(PretendedFlags, NobodyElseMayTrace) {
  const std::string attempts =
      "$! = 0; syscall(101, 0, 0, 0, 0); print $!+0, ' ';"
      "unless ($p = fork) { sleep 5; exit } syscall(101, 16, $p, 0, 0); print $!+0; kill 9, $p;";
  for (const bool shim : {false, true}) {
    const Outcome outcome = Spawn({ABISHIM_COMMAND, "run", "--pretend-kernel=4.16", "--flags", "--",
                                   "perl", "-e", "$| = 1; " + attempts},
                                  "", [&] {
                                    if (!shim) setenv("ABISHIM", "off", 1);
                                  });
    EXPECT_EQ(outcome.out, "1 1");
    const size_t said = outcome.err.find("a process has one tracer");
    EXPECT_NE(said, std::string::npos) << outcome.err;
    EXPECT_EQ(outcome.err.find("one tracer", said + 20), std::string::npos) << outcome.err;
  }
}

// An exec by the shim tries to trace, too, and nothing is said.
TEST(PretendedFlags, NothingIsSaidOfAnExec) {
  const Outcome outcome = Spawn({ABISHIM_COMMAND, "run", "--pretend-kernel=4.16", "--flags", "--",
                                 "sh", "-c", "perl -e 'print 1'; exec perl -e 'print 2'"},
                                "");
  EXPECT_EQ(outcome.out, "12");
  EXPECT_EQ(outcome.err, "");
}

// Tries to get such a stack, one that serves the shim and a smaller one, and what the program then
// has of it.
constexpr char kDisarmed[] =
    "$at = syscall(9, 0, 65536, 3, 0x22, -1, 0);"
    "for $size (65536, 4096) {"
    "  $! = 0; syscall(131, $b = pack('QlxxxxQ', $at, -2147483648, $size), 0);"
    "  print $!+0, ' '; syscall(131, 0, $b = 'x' x 24);"
    "  print join(' ', unpack 'QlxxxxQ', $b) eq '0 2 0' ? 'none ' : 'some ' }";

TEST(PretendedFlags, AutodisarmIsRefused) {
  const std::string refused = std::to_string(EINVAL) + " none ";
  EXPECT_EQ(Said(false, {"--pretend-kernel=3.10", "--flags"}, kDisarmed), refused + refused);
  EXPECT_EQ(Said(true, {"--pretend-kernel=3.10", "--flags"}, kDisarmed), refused + refused);
  EXPECT_EQ(Said(true, {"--pretend-kernel=4.7", "--flags"}, kDisarmed), "0 some 0 some ");
}

// clone(2) said nothing of the descriptor that it did not make.
TEST(PretendedFlags, ClonePidfdIsIgnored) {
  const std::string script =
      "$slot = pack('l', 77); $r = syscall(56, 0x1000 | 17, 0, $slot, 0, 0);"
      "if ($r == 0) { syscall(231, 0) } waitpid $r, 0; print $r > 0, ' ', unpack('l', $slot) == 77";
  EXPECT_EQ(Said(false, {"--pretend-kernel=5.1", "--flags"}, script), "1 1");
  EXPECT_EQ(Said(false, {"--pretend-kernel=5.2", "--flags"}, script), "1 ");
}

}  // namespace
}  // namespace abishim::test

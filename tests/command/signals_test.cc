// Exit statuses and signals pass through `abishim run`, with and without a launcher that waits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "tests/command/spawn.h"

namespace abishim::test {
namespace {

TEST(Command, ExitStatusAndSignalsPassThrough) {
  for (const Words& stays : {Words{}, {"--stats"}, {"--flags", "--pretend-kernel=4.16"}}) {
    Words start{"run", "--", "sh", "-c"};
    start.insert(start.begin() + 1, stays.begin(), stays.end());
    const auto with = [&](const std::string& script) {
      Words words = start;
      words.insert(words.begin(), ABISHIM_COMMAND);
      words.push_back("ulimit -c 0; " + script);
      return Spawn(words, "", [] {
        setenv("ABISHIM", "off", 1);
        const rlimit all{RLIM_INFINITY, RLIM_INFINITY};
        setrlimit(RLIMIT_CORE, &all);  // the launcher could leave a core, the program does not
      });
    };
    for (const int status : {0, 1, 2, 77, 125, 126, 127, 255}) {
      EXPECT_EQ(with("exit " + std::to_string(status)).exit, status);
    }
    for (const int signal : {SIGSEGV, SIGTERM, SIGKILL, SIGINT, SIGABRT, SIGUSR1, SIGPIPE}) {
      const Outcome outcome = with("kill -" + std::to_string(signal) + " $$");
      EXPECT_EQ(outcome.signal, signal) << testing::PrintToString(stays);
      EXPECT_FALSE(outcome.core);
    }
  }
}

// The launcher that waits must not be noticed by who signals it.
TEST(Command, SignalsSentToTheWaitingLauncherReachTheProgram) {
  for (const int signal : {SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2}) {
    const std::string catches = "$SIG{" + std::string(sigabbrev_np(signal)) +
                                "} = sub { exit 9 }; $| = 1; print qq(ready\n); sleep 15;";
    const auto send = [&](int pid) { kill(pid, signal); };
    const auto off = [] { setenv("ABISHIM", "off", 1); };
    for (const std::string stays : {"--stats", "--flags"}) {
      const Words launcher{ABISHIM_COMMAND, "run", "--pretend-kernel=4.16", stays, "--",
                           "perl",          "-e"};
      Words caught = launcher, dies = launcher;
      caught.push_back(catches);
      dies.push_back("$| = 1; print qq(ready\n); sleep 15;");
      const Outcome handled = Spawn(caught, "", off, send);
      EXPECT_EQ(handled.exit, 9) << signal;
      EXPECT_EQ(handled.err.find("total trapped=") != std::string::npos, stays == "--stats");
      EXPECT_EQ(Spawn(dies, "", off, send).signal, signal) << stays;
    }
  }
}

TEST(Command, CtrlCReachesTheProgramOnceAndTheLauncherWaits) {
  int terminal;
  const pid_t child = forkpty(&terminal, nullptr, nullptr, nullptr);
  if (child == 0) {
    setenv("ABISHIM", "off", 1);
    execl(ABISHIM_COMMAND, "abishim", "run", "--stats", "--", "perl", "-e",
          "$SIG{INT} = sub { $n++ }; $| = 1; print qq(ready\n);"
          "select undef, undef, undef, 0.3 for 1 .. 3; exit 40 + $n",
          nullptr);
    _exit(124);
  }
  std::string out;
  char bytes[256];
  while (out.find("ready") == std::string::npos) {
    const ssize_t size = read(terminal, bytes, sizeof bytes);
    ASSERT_GT(size, 0) << out;
    out.append(bytes, size);
  }
  ASSERT_EQ(write(terminal, "\x03", 1), 1);
  for (ssize_t size; (size = read(terminal, bytes, sizeof bytes)) > 0;) out.append(bytes, size);
  int status;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 41) << out;
  close(terminal);
}

// Before Linux 3.9 a thread may not send itself what somebody else sent: EPERM. What the shim held
// back comes all the same, and what is to kill kills.
TEST(Command, HeldBackSignalsComeOnKernelsThatQueueNothing) {
  char profile[] = "/tmp/abishim-profile-XXXXXX";
  close(mkstemp(profile));
  std::ofstream(profile) << R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
      {"names": ["rt_tgsigqueueinfo", "rt_sigqueueinfo"], "action": "SCMP_ACT_ERRNO",
       "errnoRet": 1}]})";
  const auto run = [&](const std::string& script) {
    return Spawn({ABISHIM_COMMAND, "run", "--pretend-kernel=3.10",
                  "--profile=" + std::string(profile), "--", "perl", "-MPOSIX", "-e",
                  "$| = 1; $set = POSIX::SigSet->new(31);" + script});
  };
  const Outcome held =
      run("$SIG{SYS} = sub { print 'handled ' }; sigprocmask(SIG_BLOCK, $set); kill 31 => $$;"
          "print 'blocked '; sigprocmask(SIG_UNBLOCK, $set); print 'end'");
  EXPECT_EQ(held.exit, 0);
  EXPECT_EQ(held.out, "blocked handled end");
  EXPECT_EQ(run("kill 31 => $$; print 'alive'").signal, SIGSYS);
  EXPECT_EQ(run("kill 11 => $$; print 'alive'").signal, SIGSEGV);
  unlink(profile);
}

}  // namespace
}  // namespace abishim::test

#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "tests/support/oracle.h"

namespace abishim::test {
namespace {

// A child that sleeps, with limits and, if asked, ids of its own.
class Sleeper {
 public:
  explicit Sleeper(unsigned uid) {
    int ready[2];
    EXPECT_EQ(pipe(ready), 0);
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      const rlimit files{100, 200}, stack{1 << 20, RLIM_INFINITY};
      setrlimit(RLIMIT_NOFILE, &files);
      setrlimit(RLIMIT_STACK, &stack);
      if (uid != 0 && (setgid(uid) != 0 || setuid(uid) != 0)) _exit(1);
      if (write(ready[1], "x", 1) != 1) _exit(1);
      for (;;) pause();
    }
    char byte;
    EXPECT_EQ(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
  }
  ~Sleeper() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  int pid() const { return pid_; }

 private:
  int pid_;
};

std::string AllLimits() {
  std::string all;
  for (int resource = 0; resource < RLIM_NLIMITS; ++resource) {
    rlimit limit;
    getrlimit(static_cast<__rlimit_resource>(resource), &limit);
    all += std::to_string(limit.rlim_cur) + "/" + std::to_string(limit.rlim_max) + " ";
  }
  return all;
}

// Limits only go down for good, so each pair of calls starts from the same by going up again
// softly: the hard ones stay.
void Restore(const rlimit (&limits)[RLIM_NLIMITS]) {
  for (int resource = 0; resource < RLIM_NLIMITS; ++resource) {
    setrlimit(static_cast<__rlimit_resource>(resource), &limits[resource]);
  }
}

TEST(Prlimit64, AgreesWithTheKernel) {
  const Sleeper same(0), other(65534);
  rlimit limits[RLIM_NLIMITS];
  for (int i = 0; i < RLIM_NLIMITS; ++i) getrlimit(static_cast<__rlimit_resource>(i), &limits[i]);
  Shares shares("prlimit64");
  for (int i = 0; i < 2000; ++i) {
    const auto rarely = [] { return RandomInt(0, 15) == 0; };
    // Nobody but ourselves and children: the kernel's own call really sets what it is told to. The
    // rest are numbers that no process can have, rather than one that was ours and is free again.
    const int pid = RandomOf<int>({0, 0, 0, getpid(), gettid(), same.pid(), other.pid(),
                                   rarely() ? RandomOf<int>({-1, 1 << 30, 1 << 31}) : 0});
    const bool ours = pid == 0 || pid == getpid();
    int resource = rarely() ? RandomOf<int>({16, 17, -1, 1 << 31}) : RandomInt(0, 15);
    bool set = RandomInt(0, ours ? 1 : 4) == 0;
    // Soft limits of what does not hinder the test itself.
    if (set && resource >= 0 && resource < 16 && ours) {
      resource = RandomOf<int>({RLIMIT_NOFILE, RLIMIT_CORE, RLIMIT_STACK, RLIMIT_NICE});
    }
    const bool known = resource >= 0 && resource < 16;
    rlimit wanted = known ? limits[resource] : rlimit{1, 2};
    if (resource == RLIMIT_NOFILE) wanted.rlim_cur = RandomOf({rlim_t{512}, rlim_t{1000}});
    if (resource == RLIMIT_CORE) wanted.rlim_cur = RandomOf({rlim_t{0}, wanted.rlim_max});
    if (rarely() && wanted.rlim_max != RLIM_INFINITY) wanted.rlim_cur = wanted.rlim_max + 1;
    if (rarely() && resource == RLIMIT_NOFILE) wanted.rlim_max = RLIM_INFINITY;
    Word in = set ? Address(&wanted) : 0;
    if (rarely()) in = RandomOf({BadPointer(), KernelPointer()});
    const Word odd = rarely() ? RandomOf({BadPointer(), ReadOnlyPointer(), KernelPointer()}) : 0;
    const bool asks = RandomInt(0, 3) != 0;
    const auto arguments = [&](rlimit* old) {
      return Make(Dirty(pid), Dirty(resource), in, odd != 0 ? odd : asks ? Address(old) : 0);
    };
    rlimit native{1, 2}, our{1, 2};
    long expected = Native<"prlimit64">(arguments(&native));
    const std::string effect = AllLimits();
    Restore(limits);
    // What `loses` allows: the limits of another process stay. (Natively here they are set to what
    // they were, and only those of a process with our ids.)
    const bool refused =
        in == Address(&wanted) && pid == same.pid() && (expected == 0 || expected == -EFAULT);
    if (refused) expected = -EPERM;
    shares.Count(expected);
    EXPECT_EQ(Translated(translate::prlimit64, arguments(&our)), expected)
        << "pid " << pid << " resource " << resource << " set " << set << " wanted "
        << wanted.rlim_cur << "/" << wanted.rlim_max << " in " << in << " odd " << odd;
    EXPECT_EQ(AllLimits(), effect);
    EXPECT_TRUE(refused || memcmp(&native, &our, sizeof our) == 0);
    Restore(limits);
  }
}

// A thread's id is as good as the process's; and so it is from a thread.
TEST(Prlimit64, Threads) {
  rlimit expected, limit{};
  getrlimit(RLIMIT_NOFILE, &expected);
  const int leader = gettid();
  std::thread([&] {
    for (int pid : {leader, gettid(), getpid(), 0}) {
      limit = {};
      const Args args = Make(pid, RLIMIT_NOFILE, 0, Address(&limit));
      EXPECT_EQ(Native<"prlimit64">(args), 0);
      EXPECT_EQ(limit.rlim_cur, expected.rlim_cur);
      limit = {};
      EXPECT_EQ(Translated(translate::prlimit64, args), 0);
      EXPECT_EQ(limit.rlim_cur, expected.rlim_cur);
      EXPECT_EQ(limit.rlim_max, expected.rlim_max);
    }
  }).join();
}

// The kernel's rule about ids, which /proc/PID/limits does not have: it is readable to all.
TEST(Prlimit64, OfOtherUsers) {
  const Sleeper root(0), nobody(65534);
  const int child = fork();
  if (child == 0) {
    if (setgid(65534) != 0 || setuid(65534) != 0) _exit(100);
    int wrong = 0;
    for (int pid : {root.pid(), nobody.pid()}) {
      rlimit native{}, our{};
      const long expected = Native<"prlimit64">(Make(pid, RLIMIT_STACK, 0, Address(&native)));
      wrong += expected != (pid == root.pid() ? -EPERM : 0);
      wrong +=
          Translated(translate::prlimit64, Make(pid, RLIMIT_STACK, 0, Address(&our))) != expected;
      wrong += memcmp(&native, &our, sizeof our) != 0;
    }
    _exit(wrong);
  }
  int status;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST(Prlimit64, LeavesNoDescriptor) {
  const Sleeper sleeper(0);
  const int before = OpenDescriptors();
  rlimit limit{};
  EXPECT_EQ(
      Translated(translate::prlimit64, Make(sleeper.pid(), RLIMIT_NOFILE, 0, Address(&limit))), 0);
  EXPECT_EQ(limit.rlim_cur, 100u);
  EXPECT_EQ(limit.rlim_max, 200u);
  EXPECT_EQ(Translated(translate::prlimit64, Make(sleeper.pid(), RLIMIT_NOFILE, 0, BadPointer())),
            -EFAULT);
  EXPECT_EQ(OpenDescriptors(), before);
}

}  // namespace
}  // namespace abishim::test

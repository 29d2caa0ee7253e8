#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <thread>

#include "tests/support/child.h"
#include "tests/support/oracle.h"

namespace abishim::test {
namespace {

using Call = long (*)(const Args&);
long Kernels(const Args& args) { return Native<"close_range">(args); }
long Ours(const Args& args) { return Translated(translate::close_range, args); }

void Limit(rlim_t soft) {
  rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = soft;
  if (setrlimit(RLIMIT_NOFILE, &limit)) abort();
}
void NoLimit() {
  rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  Limit(limit.rlim_max);
}
bool Hide(const char* path) {
  return unshare(CLONE_NEWNS) == 0 && mount("", "/", "", MS_REC | MS_PRIVATE, nullptr) == 0 &&
         mount("none", path, "tmpfs", 0, nullptr) == 0;
}

// Which of the first `most` descriptors are open, and which of them close on exec.
void Look(int most, Seen* seen) {
  for (int fd = 0; fd < most; ++fd) {
    const int flags = fcntl(fd, F_GETFD);
    if (flags >= 0) seen->push_back(fd * 2 + flags);
  }
}

// The same on both sides: the random sequence is the parent's when it forks.
Seen Rounds(Call call, int rounds, int most) {
  NoLimit();
  Seen seen;
  for (int i = 0; i < rounds; ++i) {
    const auto rarely = [] { return RandomInt(0, 9) == 0; };
    for (int j = RandomInt(0, 40); j > 0; --j) dup2(RandomInt(0, 2), RandomInt(3, most - 1));
    for (int j = RandomInt(0, 9); j > 0; --j) {
      const int path = open("/", O_PATH | O_CLOEXEC);
      dup3(path, RandomInt(3, most - 1), RandomInt(0, 1) ? O_CLOEXEC : 0);
      close(path);
    }
    int first = RandomInt(3, most), last = RandomInt(3, most);
    if (first > last && !rarely()) std::swap(first, last);
    if (rarely()) first = last;
    if (RandomInt(0, 2) == 0) last = RandomOf({-1, INT_MAX, INT_MIN, 1 << 20});
    if (rarely() && rarely()) first = RandomOf({-1, INT_MAX, 1 << 20});
    int flags = RandomOf({0, 0, 2, 4, 6});
    if (rarely()) flags = RandomOf({1, 8, 3, INT_MIN, 0x100});
    seen.push_back(call(Make(Dirty(first), Dirty(last), Dirty(flags))));
    Look(most, &seen);
    seen.push_back(LONG_MAX);
    syscall(SYS_close_range, 3, ~0U, 0);
  }
  return seen;
}

TEST(CloseRange, AgreesWithTheKernel) {
  Shares shares("close_range");
  for (int i = 0; i < 30; ++i) {
    const int most = RandomOf({30, 200, 600, 2000, 5000});
    const Seen expected = InChild([&] { return Rounds(Kernels, 50, most); });
    const Seen seen = InChild([&] { return Rounds(Ours, 50, most); });
    EXPECT_EQ(seen, expected);
    Random().discard(1);
    ASSERT_NE(expected[0], LONG_MIN);
    shares.Count(expected[0]);
    for (size_t j = 1; j + 1 < expected.size(); ++j) {
      if (expected[j] == LONG_MAX) shares.Count(expected[j + 1]);
    }
  }
}

TEST(CloseRange, AgreesWithTheKernelWithoutProc) {
  for (int i = 0; i < 6; ++i) {
    const int most = RandomOf({100, 600, 5000});
    const Seen expected = InChild([&] { return Rounds(Kernels, 40, most); });
    const Seen seen = InChild([&] { return Hide("/proc") ? Rounds(Ours, 40, most) : Seen{}; });
    EXPECT_EQ(seen, expected);
    Random().discard(1);
  }
}

// With /proc and without: what happens must be what happens natively.
void Same(const std::function<Seen(Call)>& body) {
  const Seen expected = InChild([&] { return body(Kernels); });
  ASSERT_NE(expected[0], LONG_MIN);
  EXPECT_EQ(InChild([&] { return body(Ours); }), expected);
  EXPECT_EQ(InChild([&] { return Hide("/proc") ? body(Ours) : Seen{}; }), expected)
      << "without /proc";
}

TEST(CloseRange, DescriptorsAboveALoweredLimit) {
  Same([](Call call) {
    NoLimit();
    for (const int fd : {7, 1500, 9000, 15'000}) dup2(1, fd);
    Limit(5);
    Seen seen{call(Make(3, Dirty(-1), 0))};
    Look(16'000, &seen);
    return seen;
  });
}

TEST(CloseRange, NoDescriptorIsFree) {
  for (const int flags : {0, int{CLOSE_RANGE_CLOEXEC}}) {
    Same([&](Call call) {
      Limit(1000);
      while (dup(1) >= 0) {
      }
      Seen seen{call(Make(600, Dirty(-1), flags)), call(Make(3, Dirty(-1), flags))};
      Look(1000, &seen);
      return seen;
    });
  }
}

TEST(CloseRange, LimitZero) {
  Same([](Call call) {
    dup2(1, 900);
    Limit(0);
    Seen seen{call(Make(3, Dirty(-1), 0))};
    Look(1000, &seen);
    return seen;
  });
}

TEST(CloseRange, ZeroToTheEnd) {
  Same([](Call call) {
    for (const int fd : {5, 900, 4000}) dup2(1, fd);
    close(0);
    Seen seen{call(Make(0, Dirty(-1), 0))};
    Look(5000, &seen);
    return seen;
  });
}

// The real call sees O_PATH descriptors, poll does not.
TEST(CloseRange, PathDescriptors) {
  Same([](Call call) {
    const int path = open("/", O_PATH);
    for (const int fd : {100, 3000}) dup2(path, fd);
    Seen seen{call(Make(3, Dirty(-1), 0))};
    Look(4000, &seen);
    return seen;
  });
}

// A thread that unshares by the flag leaves the others' table alone; with `before` it has done so
// already, so that /proc/self/fd would show another table than its own.
Seen InThread(Call call, int flags, bool before) {
  for (const int fd : {5, 900, 4000}) dup2(1, fd);
  Seen seen;
  std::thread([&] {
    if (before) unshare(CLONE_FILES);
    if (before) dup2(1, 4001);
    seen.push_back(call(Make(3, Dirty(-1), flags)));
    Look(5000, &seen);
  }).join();
  Look(5000, &seen);
  return seen;
}

TEST(CloseRange, Unshared) {
  for (const int flags : {0, 2, 4, 6}) {
    for (const bool before : {false, true}) {
      Same([&](Call call) { return InThread(call, flags, before); });
    }
  }
}

// What a failing call must not have done.
TEST(CloseRange, BadArgumentsUnshareNothing) {
  Same([](Call call) {
    Seen seen;
    std::thread([&] {
      seen.push_back(call(Make(9, 3, CLOSE_RANGE_UNSHARE)));
      seen.push_back(call(Make(3, 9, CLOSE_RANGE_UNSHARE | 1)));
      dup2(1, 50);
    }).join();
    Look(100, &seen);
    return seen;
  });
}

TEST(CloseRange, TheLeaderIsGone) {
  Same([](Call call) {
    for (const int fd : {5, 900, 4000}) dup2(1, fd);
    Seen* seen = new Seen;
    int wake[2];
    if (pipe2(wake, O_CLOEXEC)) return Seen{-1};
    const pid_t child = fork();  // only its leader may go
    if (child == 0) {
      std::thread([&] {
        char end;
        close(wake[1]);
        while (read(wake[0], &end, 1) < 0) {
        }
        usleep(20'000);
        seen->push_back(call(Make(3, Dirty(-1), 0)));
        Look(5000, seen);
        syscall(SYS_exit_group, seen->size() == 4 && (*seen)[0] == 0 ? 42 : 1);
      }).detach();
      syscall(SYS_exit, 0);
    }
    close(wake[0]);
    close(wake[1]);
    int status = -1;
    waitpid(child, &status, 0);
    return Seen{WEXITSTATUS(status)};
  });
}

TEST(CloseRange, InAVforkChild) {
  Same([](Call call) {
    for (const int fd : {5, 900, 4000}) dup2(1, fd);
    static Seen seen;
    const pid_t child = vfork();
    if (child == 0) {
      seen.push_back(call(Make(3, Dirty(-1), 0)));
      Look(5000, &seen);
      _exit(0);
    }
    waitpid(child, nullptr, 0);
    Look(5000, &seen);
    return seen;
  });
}

// Locks of files that stay open stay.
TEST(CloseRange, LocksAreKept) {
  Same([](Call call) {
    const TempDir directory;
    const int file = open((directory / "locked").c_str(), O_CREAT | O_RDWR, 0600);
    dup2(file, 4000);
    dup2(file, 3);
    struct flock lock {};
    lock.l_type = F_WRLCK;
    fcntl(3, F_SETLK, &lock);
    const long result = call(Make(1000, 2000, 0)) + call(Make(5, 3999, 0));
    const Seen other = InChild([&] {
      fcntl(3, F_GETLK, &lock);
      return Seen{lock.l_type};
    });
    return Seen{result, other[0]};
  });
}

// A host whose table is larger than the bits that we have room for.
long HugeTable(long nr, long a, long b, long c, long d, long e, long f) {
  if (nr == SYS_pselect6) return -EBADF;
  const long result = syscall(nr, a, b, c, d, e, f);
  return result == -1 ? -errno : result;
}
Seen OnHugeTable(bool hide, unsigned first, unsigned last) {
  return InChild([&] {
    constexpr Host kHost{HugeTable, nullptr, nullptr, nullptr, nullptr, nullptr};
    Kernel kernel(kHost);
    for (const int fd : {50, 400, 4000}) dup2(1, fd);
    if (hide && !Hide("/proc")) return Seen{};
    Seen seen{translate::close_range(kernel, Make(first, last, 0)).value};
    for (const int fd : {50, 400, 4000}) seen.push_back(fcntl(fd, F_GETFD));
    return seen;
  });
}

// More than can be found out without /proc: refused before anything happens.
TEST(CloseRange, AHugeTableNeedsProc) {
  EXPECT_EQ(OnHugeTable(false, 3, ~0U), (Seen{0, -1, -1, -1}));
  EXPECT_EQ(OnHugeTable(true, 3, ~0U), (Seen{-ENOSYS, 0, 0, 0}));
  EXPECT_EQ(OnHugeTable(true, 3, 410), (Seen{0, -1, -1, 0}));  // few: tried out one by one
}

// A profile that denies unshare.
long NoUnshare(long nr, long a, long b, long c, long d, long e, long f) {
  if (nr == SYS_unshare) return -EPERM;
  const long result = syscall(nr, a, b, c, d, e, f);
  return result == -1 ? -errno : result;
}
TEST(CloseRange, UnshareDenied) {
  EXPECT_EQ(InChild([] {
              constexpr Host kHost{NoUnshare, nullptr, nullptr, nullptr, nullptr, nullptr};
              Kernel kernel(kHost);
              dup2(1, 50);
              const long result =
                  translate::close_range(kernel, Make(3, ~0U, CLOSE_RANGE_UNSHARE)).value;
              return Seen{result, fcntl(50, F_GETFD)};
            }),
            (Seen{-ENOSYS, 0}));
}

}  // namespace
}  // namespace abishim::test

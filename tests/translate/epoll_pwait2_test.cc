#include <signal.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/oracle.h"

namespace abishim::test {
namespace {

// One epoll set that is ready, one that is not.
class EpollPwait2 : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(pipe(pipe_), 0);
    for (int* set : {&ready_, &idle_}) {
      *set = epoll_create1(0);
      epoll_event event{.events = EPOLLIN, .data = {.u64 = 42}};
      ASSERT_EQ(epoll_ctl(*set, EPOLL_CTL_ADD, pipe_[0], &event), 0);
    }
    epoll_ctl(idle_, EPOLL_CTL_DEL, pipe_[0], nullptr);
    ASSERT_EQ(write(pipe_[1], "x", 1), 1);
  }
  void TearDown() override {
    for (int fd : {pipe_[0], pipe_[1], ready_, idle_}) close(fd);
  }
  int pipe_[2], ready_, idle_;
};

TEST_F(EpollPwait2, AgreesWithTheKernel) {
  Shares shares("epoll_pwait2");
  unsigned long mask = 0;
  for (int i = 0; i < 2000; ++i) {
    epoll_event native[4] = {}, ours[4] = {};
    const auto rarely = [] { return RandomInt(0, 19) == 0; };
    timespec timeout{rarely() ? -1 : 0, RandomOf({0L, 1L, 999'999L, 1'000'000L, 999'999'999L})};
    if (rarely()) timeout.tv_nsec = RandomOf({1'000'000'000L, -1L});
    const int fd = rarely() ? RandomOf({-1, pipe_[0]}) : RandomOf({ready_, ready_, ready_, idle_});
    if (fd == idle_) timeout.tv_nsec = RandomOf({0L, 1L, 1'000'000L});
    const int most = rarely() ? RandomOf({0, -1}) : RandomOf({1, 4});
    const Word wait = rarely() ? BadPointer() : Address(&timeout);
    const Word sigmask = rarely() ? BadPointer() : RandomOf({Word{0}, Address(&mask)});
    const Word size = rarely() ? RandomOf({0, 4, 16}) : 8;
    const auto arguments = [&](epoll_event* events) {
      return Make(Dirty(fd), Address(events), Dirty(most), wait, sigmask, size);
    };
    const long expected = Native<"epoll_pwait2">(arguments(native));
    shares.Count(expected);
    EXPECT_EQ(Translated(translate::epoll_pwait2, arguments(ours)), expected)
        << "fd " << fd << " most " << most << " " << timeout.tv_sec << "." << timeout.tv_nsec;
    EXPECT_EQ(memcmp(native, ours, sizeof(native)), 0);
  }
}

// What `loses` allows: late by up to a millisecond, never early.
TEST_F(EpollPwait2, RoundsUp) {
  epoll_event events[1];
  for (const auto& [seconds, nanoseconds, milliseconds] : {std::tuple{0L, 1L, 1},
                                                           {0L, 1'000'000L, 1},
                                                           {0L, 1'000'001L, 2},
                                                           {7L, 999'999'999L, 8000},
                                                           {2147483L, 0L, 2147483647},
                                                           {1L << 40, 0L, 2147483647}}) {
    timespec timeout{seconds, nanoseconds};
    const Result result = Translate(translate::epoll_pwait2,
                                    Make(idle_, Address(events), 1, Address(&timeout), 0, 0));
    ASSERT_TRUE(result.again);
    EXPECT_EQ(result.args.Int(3), milliseconds);
  }
  const Result forever =
      Translate(translate::epoll_pwait2, Make(idle_, Address(events), 1, 0, 0, 0));
  EXPECT_EQ(forever.args.Int(3), -1);
}

}  // namespace
}  // namespace abishim::test

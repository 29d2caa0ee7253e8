#include <fcntl.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "tests/support/sockets.h"

namespace abishim::test {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

int PendingError(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

// Random arguments, the same for both.
struct Call {
  static bool Rarely() { return RandomInt(0, 19) == 0; }
  Call()
      : kind(RandomInt(0, 9) ? RandomInt(0, Sockets::kSeqpacket)
                             : RandomInt(0, Sockets::kKinds - 1)),
        flags(RandomOf<int>({MSG_DONTWAIT, MSG_DONTWAIT, MSG_WAITFORONE, MSG_WAITFORONE | MSG_PEEK,
                             MSG_DONTWAIT | MSG_TRUNC, MSG_ERRQUEUE})),
        fed(RandomInt(flags & MSG_WAITFORONE ? 1 : 0, 6)),
        room(RandomInt(1, 6)),
        most(Rarely() ? RandomOf({0, 7, 2000, -1}) : RandomInt(1, room)),
        timeout(RandomOf({0, 0, 0, 1, 2})) {
    for (int i = 0; i < fed; ++i) sizes[i] = RandomInt(1, 150);
    if (Rarely()) flags |= RandomOf<int>({1 << 31, MSG_OOB, 0x8});
    if (flags & MSG_OOB) flags |= MSG_DONTWAIT;
    if (flags & MSG_ERRQUEUE && kind != Sockets::kUdp) flags |= MSG_DONTWAIT;
    if (Rarely()) bad = RandomInt(0, room - 1);
    if (Rarely()) array = RandomOf({BadPointer(), KernelPointer(), ReadOnlyPointer(), Word{0}});
    if (Rarely()) {
      time = RandomOf({BadPointer(), KernelPointer(), ReadOnlyPointer()});
    }
    if (timeout == 2 && Rarely()) given = {RandomOf({-1L, 1L}), RandomOf({1'000'000'000L, -1L})};
    if (timeout == 1) given = {0, 0};
  }
  Args For(const Sockets& sockets, Messages& messages, timespec& left) const {
    if (bad >= 0) messages[bad].msg_hdr.msg_iov = reinterpret_cast<iovec*>(BadPointer());
    left = given;
    const Word when = time != 0 ? time : timeout != 0 ? Address(&left) : 0;
    return Make(Dirty(sockets.Near(kind)), array == 1 ? messages.address() : array, Dirty(most),
                Dirty(flags), when);
  }
  int kind, flags, fed, room, most, timeout, bad = -1;
  int sizes[6];
  Word array = 1, time = 0;
  timespec given{3600, 5};
};

TEST(Recvmmsg, AgreesWithTheKernel) {
  Sockets native_sockets, our_sockets;
  Shares shares("recvmmsg");
  for (int i = 0; i < 4000; ++i) {
    const Call call;
    Messages native(call.room), ours(call.room);
    for (int fed = 0; fed < call.fed && Sockets::IsSocket(call.kind); ++fed) {
      const std::string bytes(call.sizes[fed], static_cast<char>('a' + fed));
      native_sockets.Feed(call.kind, bytes);
      our_sockets.Feed(call.kind, bytes);
    }
    timespec native_left, our_left;
    const long expected = Native<"recvmmsg">(call.For(native_sockets, native, native_left));
    shares.Count(expected);
    ASSERT_EQ(Translated(translate::recvmmsg, call.For(our_sockets, ours, our_left)), expected)
        << "kind " << call.kind << " flags " << call.flags << " fed " << call.fed << " most "
        << call.most << " bad " << call.bad << " array " << call.array;
    ASSERT_EQ(native.Seen(), ours.Seen());
    for (const timespec& left : {native_left, our_left}) {
      const bool touched = expected > 0 && call.timeout == 2 && call.time == 0;
      ASSERT_LE(left.tv_sec, call.given.tv_sec);
      if (touched) {
        ASSERT_GE(left.tv_sec, 3500);
      } else {
        ASSERT_EQ(left.tv_nsec, call.given.tv_nsec) << left.tv_sec;
      }
    }
    if (!Sockets::IsSocket(call.kind)) continue;
    // What `loses` allows: the kernel keeps an error that came after a message for the next call.
    const int kept = PendingError(native_sockets.Near(call.kind));
    ASSERT_TRUE(kept == 0 || expected > 0);
    ASSERT_EQ(Sockets::Drain(native_sockets.Near(call.kind)),
              Sockets::Drain(our_sockets.Near(call.kind)));
  }
}

class RecvmmsgWaits : public testing::TestWithParam<int> {
 protected:
  long Receive(int most, int flags = 0) {
    const auto start = Clock::now();
    const long result = Translated(
        translate::recvmmsg, Make(sockets_.Near(GetParam()), messages_.address(), most, flags, 0));
    took_ = Clock::now() - start;
    return result;
  }
  Sockets sockets_;
  Messages messages_{4};
  Clock::duration took_;
};

// Over several slices; then it takes what is there, and does not wait for the rest: see `loses`.
TEST_P(RecvmmsgWaits, ForTheFirst) {
  std::thread sender([&] {
    std::this_thread::sleep_for(milliseconds(90));
    sockets_.Feed(GetParam(), "late");
  });
  EXPECT_EQ(Receive(4), 1);
  sender.join();
  EXPECT_GE(took_, milliseconds(85));
  EXPECT_EQ(messages_[0].msg_len, 4u);
  EXPECT_EQ(messages_.Data(0).substr(0, 5), "late-");
  EXPECT_EQ(messages_[1].msg_len, 0xdeadu);
}

TEST_P(RecvmmsgWaits, InSlices) {
  const Result result =
      Translate(translate::recvmmsg, Make(sockets_.Near(GetParam()), messages_.address(), 4, 0, 0));
  EXPECT_TRUE(result.again);
  EXPECT_EQ(result.value, NumberOf("recvmmsg"));
  EXPECT_EQ(result.args[1], messages_.address());
}

TEST_P(RecvmmsgWaits, AsLongAsTheSocketSays) {
  const timeval limit{0, 70'000};
  setsockopt(sockets_.Near(GetParam()), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  EXPECT_EQ(Receive(4), -EAGAIN);
  EXPECT_GE(took_, milliseconds(70));
  EXPECT_LT(took_, milliseconds(2000));
}

TEST_P(RecvmmsgWaits, NotWhenNonBlocking) {
  fcntl(sockets_.Near(GetParam()), F_SETFL, O_NONBLOCK);
  EXPECT_EQ(Receive(4), -EAGAIN);
}

// The other end goes away while we wait: nothing, from a stream, as often as there is room.
TEST_P(RecvmmsgWaits, UntilTheEnd) {
  std::thread closer([&] {
    std::this_thread::sleep_for(milliseconds(50));
    shutdown(sockets_.Far(GetParam()), SHUT_RDWR);
    shutdown(sockets_.Near(GetParam()), SHUT_RDWR);
  });
  EXPECT_EQ(Receive(4), 4);
  closer.join();
  for (int flags : {0, int{MSG_WAITFORONE}, int{MSG_DONTWAIT}}) {
    const long native =
        Native<"recvmmsg">(Make(sockets_.Near(GetParam()), messages_.address(), 4, flags, 0));
    EXPECT_EQ(Receive(4, flags), native) << flags;
  }
}

INSTANTIATE_TEST_SUITE_P(Sockets, RecvmmsgWaits,
                         testing::Values(Sockets::kDatagram, Sockets::kUdp, Sockets::kStream,
                                         Sockets::kSeqpacket));

}  // namespace
}  // namespace abishim::test

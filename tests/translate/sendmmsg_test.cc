#include <fcntl.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "tests/support/sockets.h"

namespace abishim::test {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Random arguments, the same for both.
struct Call {
  static bool Rarely() { return RandomInt(0, 19) == 0; }
  Call()
      : kind(RandomInt(0, 9) ? RandomInt(0, Sockets::kSeqpacket)
                             : RandomInt(0, Sockets::kKinds - 1)),
        flags(RandomOf<int>({0, MSG_DONTWAIT, MSG_NOSIGNAL, MSG_EOR, MSG_NOSIGNAL | MSG_DONTWAIT})),
        room(RandomInt(1, 6)),
        most(Rarely() ? RandomOf({0, 7, 2000, -1}) : RandomInt(1, room)) {
    for (int& length : lengths) length = RandomOf({0, 1, 30, 60});
    if (Rarely()) flags |= RandomOf<int>({1 << 31, MSG_OOB});
    if (Rarely()) bad = RandomInt(0, room - 1);
    if (Rarely()) array = RandomOf({BadPointer(), KernelPointer(), ReadOnlyPointer(), Word{0}});
    if (RandomInt(0, 3) == 0) control = RandomInt(0, room - 1);
    how = RandomOf({BadPointer(), KernelPointer()});
    record = RandomInt(0, 1) ? MSG_EOR : 0xff;
  }
  Args For(const Sockets& sockets, Messages& messages) const {
    for (int i = 0; i < room; ++i) {
      messages.Data(i).assign(Messages::kBytes, static_cast<char>('a' + i));
      messages.Vectors(i)[0].iov_len = lengths[i];
      messages[i].msg_hdr.msg_name = nullptr;
      messages[i].msg_hdr.msg_namelen = 0;
      messages[i].msg_hdr.msg_flags = record;
      messages[i].msg_hdr.msg_controllen = i == control ? 3 : 0;  // too short for a header
    }
    if (bad >= 0 && how == BadPointer())
      messages.Vectors(bad)[0].iov_base = reinterpret_cast<void*>(how);
    if (bad >= 0 && how != BadPointer())
      messages[bad].msg_hdr.msg_iov = reinterpret_cast<iovec*>(how);
    return Make(Dirty(sockets.Near(kind)), array == 1 ? messages.address() : array, Dirty(most),
                Dirty(flags));
  }
  int kind, flags, room, most, bad = -1, control = -1, record;
  int lengths[6];
  Word array = 1, how;
};

TEST(Sendmmsg, AgreesWithTheKernel) {
  Sockets native_sockets, our_sockets;
  Shares shares("sendmmsg");
  for (int i = 0; i < 4000; ++i) {
    const Call call;
    Messages native(call.room), ours(call.room);
    const long expected = Native<"sendmmsg">(call.For(native_sockets, native));
    shares.Count(expected);
    ASSERT_EQ(Translated(translate::sendmmsg, call.For(our_sockets, ours)), expected)
        << "kind " << call.kind << " flags " << call.flags << " most " << call.most << " bad "
        << call.bad << " array " << call.array;
    ASSERT_EQ(native.Seen(), ours.Seen());
    if (!Sockets::IsSocket(call.kind)) continue;
    ASSERT_EQ(Sockets::Drain(native_sockets.Far(call.kind)),
              Sockets::Drain(our_sockets.Far(call.kind)));
  }
}

// Non-blocking sockets that fill up: as many messages, and of a stream as many bytes, as natively.
TEST(Sendmmsg, FillsUp) {
  for (int kind : {Sockets::kDatagram, Sockets::kStream, Sockets::kSeqpacket}) {
    Sockets native_sockets, our_sockets;
    Messages native(6), ours(6);
    for (Messages* messages : {&native, &ours}) {
      for (int i = 0; i < 6; ++i) {
        (*messages)[i].msg_hdr.msg_name = nullptr;
        (*messages)[i].msg_hdr.msg_namelen = 0;
        (*messages)[i].msg_hdr.msg_controllen = 0;
        messages->Data(i).assign(50'000, static_cast<char>('a' + i));
        messages->Vectors(i)[0] = {messages->Data(i).data(), 50'000};
        messages->Vectors(i)[1].iov_len = 0;
      }
    }
    for (int i = 0; i < 3; ++i) {
      const long expected =
          Native<"sendmmsg">(Make(native_sockets.Near(kind), native.address(), 6, MSG_DONTWAIT));
      EXPECT_EQ(Translated(translate::sendmmsg,
                           Make(our_sockets.Near(kind), ours.address(), 6, MSG_DONTWAIT)),
                expected);
      for (int j = 0; j < 6; ++j) EXPECT_EQ(native[j].msg_len, ours[j].msg_len) << j;
      EXPECT_TRUE(i < 2 || expected == -EAGAIN);
    }
    EXPECT_EQ(Sockets::Drain(native_sockets.Far(kind)), Sockets::Drain(our_sockets.Far(kind)));
  }
}

// The number of messages is capped, not refused.
TEST(Sendmmsg, AtMost1024) {
  Sockets sockets;
  std::vector<mmsghdr> messages(1100);
  const int sink = sockets.Near(Sockets::kStream);
  const auto arguments = Make(sink, Address(messages.data()), 1100, 0);
  EXPECT_EQ(Native<"sendmmsg">(arguments), 1024);
  EXPECT_EQ(Translated(translate::sendmmsg, arguments), 1024);
}

TEST(Sendmmsg, BrokenPipe) {
  Sockets sockets;
  Messages messages(2);
  shutdown(sockets.Far(Sockets::kStream), SHUT_RDWR);
  messages[0].msg_hdr.msg_name = nullptr;
  messages[0].msg_hdr.msg_namelen = 0;
  messages[0].msg_hdr.msg_controllen = 0;
  const auto arguments = Make(sockets.Near(Sockets::kStream), messages.address(), 2, MSG_NOSIGNAL);
  EXPECT_EQ(Native<"sendmmsg">(arguments), -EPIPE);
  EXPECT_EQ(Translated(translate::sendmmsg, arguments), -EPIPE);
}

class SendmmsgWaits : public testing::TestWithParam<int> {
 protected:
  SendmmsgWaits() {
    while (send(near(), "full", 4, MSG_DONTWAIT) == 4) continue;
    for (int i = 0; i < 2; ++i) {
      messages_[i].msg_hdr.msg_name = nullptr;
      messages_[i].msg_hdr.msg_namelen = 0;
      messages_[i].msg_hdr.msg_controllen = 0;
    }
  }
  int near() const { return sockets_.Near(GetParam()); }
  Args Arguments() { return Make(near(), messages_.address(), 2, 0); }
  Sockets sockets_;
  Messages messages_{2};
};

TEST_P(SendmmsgWaits, ForRoom) {
  std::string got;
  std::thread reader([&] {
    std::this_thread::sleep_for(milliseconds(90));
    got = Sockets::Drain(sockets_.Far(GetParam()));
  });
  const auto start = Clock::now();
  const long sent = Translated(translate::sendmmsg, Arguments());
  EXPECT_GE(Clock::now() - start, milliseconds(85));
  reader.join();
  got += Sockets::Drain(sockets_.Far(GetParam()));
  EXPECT_EQ(sent, 2);
  EXPECT_EQ(messages_[0].msg_len, 120u);
  EXPECT_NE(got.find(messages_.Data(0)), std::string::npos);
}

TEST_P(SendmmsgWaits, InSlices) {
  const Result result = Translate(translate::sendmmsg, Arguments());
  EXPECT_TRUE(result.again);
  EXPECT_EQ(result.value, NumberOf("sendmmsg"));
  EXPECT_EQ(result.args[1], messages_.address());
}

TEST_P(SendmmsgWaits, AsLongAsTheSocketSays) {
  const timeval limit{0, 70'000};
  setsockopt(near(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const auto start = Clock::now();
  EXPECT_EQ(Translated(translate::sendmmsg, Arguments()), -EAGAIN);
  EXPECT_GE(Clock::now() - start, milliseconds(70));
}

INSTANTIATE_TEST_SUITE_P(Sockets, SendmmsgWaits,
                         testing::Values(Sockets::kDatagram, Sockets::kStream,
                                         Sockets::kSeqpacket));

}  // namespace
}  // namespace abishim::test

#include "tests/support/sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

namespace abishim::test {
namespace {

int Udp() {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in here{
      .sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&here), sizeof here), 0);
  return fd;
}
void Join(int from, int to) {
  sockaddr_in there;
  socklen_t size = sizeof there;
  EXPECT_EQ(getsockname(to, reinterpret_cast<sockaddr*>(&there), &size), 0);
  EXPECT_EQ(connect(from, reinterpret_cast<sockaddr*>(&there), size), 0);
}

}  // namespace

Sockets::Sockets() {
  int ends[2];
  for (const auto& [kind, type] :
       {std::pair{kDatagram, SOCK_DGRAM}, {kStream, SOCK_STREAM}, {kSeqpacket, SOCK_SEQPACKET}}) {
    EXPECT_EQ(socketpair(AF_UNIX, type, 0, ends), 0);
    near_[kind] = ends[0];
    far_[kind] = ends[1];
  }
  near_[kUdp] = Udp();
  far_[kUdp] = Udp();
  Join(near_[kUdp], far_[kUdp]);
  Join(far_[kUdp], near_[kUdp]);
  EXPECT_EQ(pipe(ends), 0);
  near_[kPipe] = ends[0];
  far_[kPipe] = ends[1];
  near_[kPath] = open("/", O_PATH);
  far_[kPath] = near_[kClosed] = far_[kClosed] = -1;
}

Sockets::~Sockets() {
  for (int fd : near_) close(fd);
  for (int fd : far_) close(fd);
}

void Sockets::Feed(int kind, const std::string& bytes) {
  EXPECT_EQ(send(far_[kind], bytes.data(), bytes.size(), MSG_DONTWAIT),
            static_cast<long>(bytes.size()));
}

std::string Sockets::Drain(int fd) {
  std::string all;
  char buffer[4096];
  for (;;) {
    const long got = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (got < 0) return all;
    all.append(buffer, got) += '|';
  }
}

Messages::Messages(int count)
    : headers_(count * sizeof(mmsghdr)),
      data_(count, std::string(kBytes, '-')),
      names_(count, std::string(32, '-')),
      controls_(count, std::string(64, '-')),
      vectors_(2 * count) {
  for (int i = 0; i < count; ++i) {
    vectors_[2 * i] = {data_[i].data(), kBytes / 2};
    vectors_[2 * i + 1] = {data_[i].data() + kBytes / 2, kBytes / 2};
    (*this)[i] = {};
    (*this)[i].msg_len = 0xdead;
    (*this)[i].msg_hdr.msg_iov = Vectors(i);
    (*this)[i].msg_hdr.msg_iovlen = 2;
    (*this)[i].msg_hdr.msg_flags = 0x1234;
    (*this)[i].msg_hdr.msg_name = names_[i].data();
    (*this)[i].msg_hdr.msg_namelen = 32;
    (*this)[i].msg_hdr.msg_control = controls_[i].data();
    (*this)[i].msg_hdr.msg_controllen = 64;
  }
}

std::string Messages::Seen() {
  std::string all;
  for (size_t i = 0; i < data_.size(); ++i) {
    const mmsghdr& message = (*this)[static_cast<int>(i)];
    all += data_[i] + "," + std::to_string(message.msg_len) + "," +
           std::to_string(message.msg_hdr.msg_namelen) + "," +
           std::to_string(message.msg_hdr.msg_controllen) + "," +
           std::to_string(message.msg_hdr.msg_flags) + "|";
    // An internet address, but for the port, which differs between the two.
    if (names_[i][0] == AF_INET) all += names_[i].substr(4);
    all += controls_[i];
  }
  return all;
}

}  // namespace abishim::test

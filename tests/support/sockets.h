// Pairs of sockets of every kind and arrays of messages, for sendmmsg and recvmmsg: the kernel
// works on one set, the translation on another.
#pragma once

#include <sys/socket.h>

#include <string>
#include <vector>

#include "tests/support/oracle.h"

namespace abishim::test {

class Sockets {
 public:
  Sockets();
  ~Sockets();
  Sockets(const Sockets&) = delete;
  Sockets& operator=(const Sockets&) = delete;

  enum Kind : int { kDatagram, kUdp, kStream, kSeqpacket, kPipe, kPath, kClosed, kKinds };
  static bool IsSocket(int kind) { return kind <= kSeqpacket; }
  int Near(int kind) const { return near_[kind]; }  // the end that is tested
  int Far(int kind) const { return far_[kind]; }
  void Feed(int kind, const std::string& bytes);  // from the far end to the near one
  static std::string Drain(int fd);               // what waits there, message by message

 private:
  int near_[kKinds], far_[kKinds];
};

// An array of messages that ends where untouchable memory begins. Each has two vectors of 60 bytes,
// room for a name and for control data.
class Messages {
 public:
  explicit Messages(int count);
  Word address() const { return Address(headers_.data()); }
  mmsghdr& operator[](int i) { return reinterpret_cast<mmsghdr*>(headers_.data())[i]; }
  std::string& Data(int i) { return data_[i]; }
  iovec* Vectors(int i) { return &vectors_[2 * i]; }
  // All that the call may have written, addresses left out.
  std::string Seen();

  static constexpr int kBytes = 120;

 private:
  AtPageEnd headers_;
  std::vector<std::string> data_, names_, controls_;
  std::vector<iovec> vectors_;
};

}  // namespace abishim::test

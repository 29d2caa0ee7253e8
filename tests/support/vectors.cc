#include "tests/support/vectors.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace abishim::test {
namespace {

bool Rarely() { return RandomInt(0, 24) == 0; }

}  // namespace

FileSet::FileSet(const std::string& parent) : directory_(parent) {
  const std::string path = directory_ / "file";
  fds_[kBoth] = open(path.c_str(), O_CREAT | O_RDWR, 0600);
  const std::string text(3000, 'a');
  EXPECT_EQ(write(fds_[kBoth], text.data(), text.size()), 3000);
  fds_[kRead] = open(path.c_str(), O_RDONLY);
  fds_[kWrite] = open(path.c_str(), O_WRONLY);
  fds_[kAppend] = open((directory_ / "log").c_str(), O_CREAT | O_RDWR | O_APPEND, 0600);
  fds_[kFolder] = open(directory_.path().c_str(), O_RDONLY);
  fds_[kPath] = open(path.c_str(), O_PATH);
  fds_[kZero] = open("/dev/zero", O_RDWR);
  int ends[2];
  EXPECT_EQ(pipe2(ends, O_NONBLOCK), 0);
  fds_[kPipeOut] = ends[0];
  fds_[kPipeIn] = ends[1];
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
  fds_[kSocket] = ends[0];
  other_end_ = ends[1];
  fds_[kClosed] = -1;
}

FileSet::~FileSet() {
  for (int fd : fds_) close(fd);
  close(other_end_);
}

void FileSet::Feed() {
  EXPECT_EQ(write(fds_[kPipeIn], "through a pipe", 14), 14);
  EXPECT_EQ(write(other_end_, "through a socket", 16), 16);
}

std::string FileSet::Seen() {
  std::string seen;
  static char buffer[1 << 20];
  for (int kind : {kBoth, kAppend}) {
    seen.append(buffer, std::max(0L, pread(fds_[kind], buffer, sizeof buffer, 0)));
  }
  for (int kind : {kPipeOut, kSocket}) {
    seen.append(buffer, std::max(0L, read(fds_[kind], buffer, sizeof buffer)));
  }
  seen.append(buffer, std::max(0L, read(other_end_, buffer, sizeof buffer)));
  for (int kind : {kBoth, kRead, kWrite, kAppend}) {
    seen += " " + std::to_string(lseek(fds_[kind], 0, SEEK_CUR));
  }
  if (ftruncate(fds_[kAppend], 0) != 0) seen += "?";
  return seen;
}

Transfer::Transfer() {
  const int any = RandomInt(0, FileSet::kKinds - 1);
  kind = RandomOf<int>({FileSet::kBoth, FileSet::kBoth, FileSet::kBoth, FileSet::kRead,
                        FileSet::kWrite, FileSet::kAppend, FileSet::kZero, any});
  flags = RandomOf({0, 0, RWF_HIPRI, RWF_DSYNC, RWF_SYNC, RWF_HIPRI | RWF_SYNC});
  if (RandomInt(0, 9) == 0) {
    flags = RandomOf({RWF_NOWAIT, RWF_APPEND, 0x20, 0x40, 0x80, 0x100, 1 << 20, 1 << 31, -1});
  }
  position = RandomOf({-1L, -1L, 0L, 1L, long{RandomInt(0, 5000)}, 3000L});
  if (Rarely()) position = RandomOf({-2L, -4096L, 1L << 62, 1L << 63});
  high = RandomOf({Word{0}, ~Word{0}, Word{7}});  // is not looked at
  for (int i = RandomInt(0, 5); i > 0; --i) {
    iovec one{reinterpret_cast<void*>(RandomInt(0, kBuffer - 1)), 0};
    one.iov_len = RandomInt(0, kBuffer - 1 - static_cast<int>(Address(one.iov_base)));
    if (RandomInt(0, 3) == 0) one.iov_len = 0;
    vectors.push_back(one);
  }
  if (!vectors.empty() && Rarely()) {
    vectors[0].iov_base = reinterpret_cast<void*>(RandomOf({BadPointer(), KernelPointer()}));
  }
  if (!vectors.empty() && Rarely()) vectors.back().iov_len = RandomOf({~0UL, 1UL << 63});
  address = Rarely() ? RandomOf({BadPointer(), KernelPointer()}) : 0;
  count = Rarely() ? RandomOf({1025UL, 1UL << 32, ~0UL, 1UL << 63}) : vectors.size();
}

Args Transfer::For(const FileSet& files, char* buffer) {
  placed = vectors;
  for (iovec& one : placed) {
    if (Address(one.iov_base) < kBuffer) one.iov_base = buffer + Address(one.iov_base);
  }
  const Word where = address != 0 ? address : Address(placed.data());
  return Make(Dirty(files[kind]), where, count, position, high, Dirty(flags));
}

}  // namespace abishim::test

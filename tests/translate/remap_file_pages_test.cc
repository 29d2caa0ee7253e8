#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "tests/support/check_in_child.h"
#include "tests/support/oracle.h"

namespace abishim::test {
namespace {

constexpr int kPages = 16, kPage = 4096;

// A file of which each page says its own number, and two windows on it.
class RemapFilePages : public testing::Test {
 protected:
  void SetUp() override {
    fd_ = open((folder_ / "file").c_str(), O_CREAT | O_RDWR, 0600);
    for (int i = 0; i < kPages; ++i) {
      ASSERT_EQ(pwrite(fd_, &i, sizeof(i), i * kPage), static_cast<long>(sizeof(i)));
    }
    ASSERT_EQ(ftruncate(fd_, kPages * kPage), 0);
    for (char*& window : windows_) window = Map(fd_, PROT_READ | PROT_WRITE, MAP_SHARED);
  }
  void TearDown() override {
    for (char* window : windows_) munmap(window, kPages * kPage);
    close(fd_);
  }
  // Between pages that are free: what lies behind must be no part of it.
  static char* Map(int fd, int rights, int flags) {
    char* room = static_cast<char*>(
        mmap(nullptr, (kPages + 2) * kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    munmap(room, (kPages + 2) * kPage);
    return static_cast<char*>(mmap(room + kPage, kPages * kPage, rights, flags | MAP_FIXED, fd, 0));
  }
  std::string Seen(const char* window) const {
    std::string seen;
    for (int i = 0; i < kPages; ++i) {
      int page;
      memcpy(&page, window + i * kPage, sizeof(page));
      seen += std::to_string(page) + " ";
    }
    return seen;
  }

  TempDir folder_{"/dev/shm"};
  int fd_ = -1;
  char* windows_[2] = {};
};

TEST_F(RemapFilePages, AgreesWithTheKernel) {
  const int descriptors = OpenDescriptors();
  Shares shares("remap_file_pages");
  for (int i = 0; i < 1500; ++i) {
    const int at = RandomInt(0, kPages - 1), count = RandomInt(0, 4);
    const Word start = at * kPage + RandomOf({0, 0, 0, 77}), size = count * kPage + RandomInt(0, 1);
    const Word rights = RandomOf({0, 0, 0, 0, 0, 0, 0, 1});
    // Not behind the end of the file: looking at that would be SIGBUS.
    const Word page = RandomInt(0, kPages - 4);
    const Word flags = RandomOf({0, 0, MAP_NONBLOCK, MAP_PRIVATE, 1 << 20});
    const auto args = [&](char* window) {
      return Make(Address(window) + start, size, rights, page, flags);
    };
    const long expected = Native<"remap_file_pages">(args(windows_[0]));
    shares.Count(expected);
    ASSERT_EQ(Translated(translate::remap_file_pages, args(windows_[1])), expected)
        << at << " " << count << " " << page;
    ASSERT_EQ(Seen(windows_[1]), Seen(windows_[0]));
  }
  EXPECT_EQ(OpenDescriptors(), descriptors);
}

TEST_F(RemapFilePages, WhatCannotBe) {
  const Word start = Address(windows_[0]), most = ~Word{0};
  char* const read_only = Map(fd_, PROT_READ, MAP_SHARED);
  char* const own = Map(fd_, PROT_READ | PROT_WRITE, MAP_PRIVATE);
  const Args all[] = {Make(start, most, 0, 0, 0),
                      Make(start, kPage, 0, most, 0),
                      Make(start, kPage, 0, most / 2, 0),
                      Make(start, kPage, 0, most / kPage, 0),
                      Make(start, kPage, 0, most / kPage - 5, 0),
                      Make(start, (kPages + 1) * kPage, 0, 0, 0),
                      Make(start - kPage, kPage, 0, 0, 0),
                      Make(Address(own), kPage, 0, 3, 0),
                      Make(Address(read_only), kPage, 0, 3, 0),
                      Make(0, kPage, 0, 0, 0),
                      Make(KernelPointer(), kPage, 0, 0, 0)};
  for (const Args& args : all) {
    EXPECT_EQ(Translated(translate::remap_file_pages, args), Native<"remap_file_pages">(args))
        << std::hex << args[0] << " " << args[1] << " " << args[3];
  }
  munmap(read_only, kPages * kPage);
  munmap(own, kPages * kPage);
}

// A file that was opened to be read only: its mapping is none that the kernel would change.
TEST_F(RemapFilePages, ReadOnlyFile) {
  CheckInChild([&] {
    const int reader = open((folder_ / "file").c_str(), O_RDONLY);
    close(fd_);
    const Word window = Address(Map(reader, PROT_READ, MAP_SHARED));
    const Args args = Make(window, kPage, 0, 3, 0);
    EXPECT_EQ(Native<"remap_file_pages">(args), -EINVAL);
    EXPECT_EQ(Translated(translate::remap_file_pages, args), -EINVAL);
  });
}

// `loses`: without a descriptor nothing leads to the file; it is left as it is, locks and all.
TEST_F(RemapFilePages, ClosedFile) {
  CheckInChild([&] {
    close(fd_);
    const std::string before = Seen(windows_[1]);
    EXPECT_EQ(Translated(translate::remap_file_pages, Make(Address(windows_[1]), kPage, 0, 3, 0)),
              -EINVAL);
    EXPECT_EQ(Seen(windows_[1]), before);
  });
}

TEST_F(RemapFilePages, KeepsLocks) {
  const std::string path = folder_ / "locked";
  const int locked = OpenLocked(path.c_str());
  ASSERT_EQ(ftruncate(locked, kPages * kPage), 0);
  char* const window = Map(locked, PROT_READ | PROT_WRITE, MAP_SHARED);
  EXPECT_EQ(Translated(translate::remap_file_pages, Make(Address(window), kPage, 0, 3, 0)), 0);
  EXPECT_TRUE(IsLocked(path.c_str()));
  munmap(window, kPages * kPage);
  close(locked);
}

TEST_F(RemapFilePages, WithoutALeader) {
  WithoutLeader([&] {
    EXPECT_EQ(Translated(translate::remap_file_pages, Make(Address(windows_[1]), kPage, 0, 3, 0)),
              0);
    EXPECT_EQ(Seen(windows_[1]).substr(0, 2), "3 ");
  });
}

}  // namespace
}  // namespace abishim::test

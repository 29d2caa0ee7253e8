#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/check_in_child.h"
#include "tests/support/oracle.h"

namespace abishim::test {
namespace {

using Buffer = struct statx;

// What the row's `loses` allows, by field. Nothing else may differ.
constexpr unsigned kMountId = 0x1000, kUniqueMountId = 0x4000;
void ForgetWhatIsLost(unsigned mask, Buffer* native, Buffer* ours) {
  const bool id_wanted = (mask & kMountId) && (native->stx_mask & kMountId);
  // STATX_ATIME is missing natively where the file system has no access times (SB_NOATIME).
  native->stx_mask = (native->stx_mask & STATX_BASIC_STATS) | STATX_ATIME;
  if (id_wanted) native->stx_mask |= kMountId;
  native->stx_btime = {};
  native->stx_attributes = 0;
  native->stx_attributes_mask = 0;
  // The kernel gives the mount's id unasked, and the one of 6.8 to who asks for both.
  if (!id_wanted) native->stx_mnt_id = 0;
  if (mask & kUniqueMountId) {
    ours->stx_mask &= ~kMountId;
    ours->stx_mnt_id = 0;
  }
  // What is there only when asked for: direct I/O, subvolume, atomic writes.
  constexpr size_t kRest = offsetof(Buffer, stx_mnt_id) + sizeof(native->stx_mnt_id);
  memset(reinterpret_cast<char*>(native) + kRest, 0, sizeof(Buffer) - kRest);
}
// A file system with fine time stamps (6.13) gives these two only when one of them is asked for;
// ours gives them always, as all did before.
void ForgetWhatNobodyAskedFor(unsigned mask, const Buffer& native, Buffer* ours) {
  constexpr unsigned kTimes = STATX_CTIME | STATX_MTIME;
  if ((mask & kTimes) || (native.stx_mask & kTimes)) return;
  EXPECT_NE(ours->stx_mtime.tv_sec, 0);
  ours->stx_mask &= ~kTimes;
  ours->stx_ctime = ours->stx_mtime = {};
}

long Ours(const Args& args) { return Translated(translate::statx, args); }

class Statx : public testing::Test {
 protected:
  void SetUp() override {
    const std::string file = dir_ / "file", sub = dir_ / "dir";
    mkdir(sub.c_str(), 0751);
    const int fd = open(file.c_str(), O_RDWR | O_CREAT, 0640);
    ASSERT_EQ(pwrite(fd, "x", 1, 12345), 1);
    close(fd);
    ASSERT_EQ(chown(file.c_str(), 12345, 54321), 0);
    const timespec times[2] = {{-86400, 123456789}, {4102444800, 999999999}};
    ASSERT_EQ(utimensat(AT_FDCWD, file.c_str(), times, 0), 0);
    for (const auto& [target, name] :
         {std::pair{"file", "to_file"}, std::pair{"dir", "to_dir"},
          std::pair{"nowhere", "dangling"}, std::pair{"loop", "loop"}}) {
      ASSERT_EQ(symlink(target, (dir_ / name).c_str()), 0);
    }
    ASSERT_EQ(link(file.c_str(), (dir_ / "dir/hard").c_str()), 0);
    ASSERT_EQ(mkfifo((dir_ / "fifo").c_str(), 0600), 0);
    ASSERT_EQ(mknod((dir_ / "device").c_str(), S_IFBLK | 0600, makedev(0xabc, 0xedcba)), 0);
    cwd_ = open(".", O_RDONLY | O_DIRECTORY);
    ASSERT_EQ(chdir(dir_.path().c_str()), 0);
    fd_ = open(dir_.path().c_str(), O_RDONLY | O_DIRECTORY);
    file_ = open(file.c_str(), O_RDONLY);
    link_ = open((dir_ / "to_file").c_str(), O_PATH | O_NOFOLLOW);
    ASSERT_EQ(pipe(pipe_), 0);
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, socket_), 0);
  }
  void TearDown() override {
    EXPECT_EQ(fchdir(cwd_), 0);
    close(cwd_);
    for (int fd : {fd_, file_, link_, pipe_[0], pipe_[1], socket_[0], socket_[1]}) close(fd);
  }
  // Natively and by the translation, into buffers full of garbage.
  void Compare(const Args& args, const std::string& what) {
    Buffer native, ours;
    memset(&native, 0xa5, sizeof(native));
    memset(&ours, 0xa5, sizeof(ours));
    Args with = args;
    with.word[4] = Address(&native);
    const long expected = Native<"statx">(with);
    with.word[4] = Address(&ours);
    ASSERT_EQ(ErrnoName(Ours(with)), ErrnoName(expected)) << what;
    if (expected == 0) {
      ForgetWhatIsLost(args.Uint(3), &native, &ours);
      ForgetWhatNobodyAskedFor(args.Uint(3), native, &ours);
    }
    ASSERT_EQ(memcmp(&native, &ours, sizeof(ours)), 0) << what;
    if (shares_ != nullptr) shares_->Count(expected);
  }
  TempDir dir_;
  int cwd_, fd_, file_, link_, pipe_[2], socket_[2];
  Shares* shares_ = nullptr;
};

TEST_F(Statx, AgreesWithTheKernel) {
  Shares shares("statx");
  shares_ = &shares;
  const int before = OpenDescriptors();
  const std::string longest(5000, 'x'), long_name(300, 'y');
  for (int i = 0; i < 4000; ++i) {
    const auto rarely = [] { return RandomInt(0, 24) == 0; };
    std::string name = RandomOf({"file",
                                 "dir",
                                 "dir/hard",
                                 "to_file",
                                 "to_dir",
                                 "to_dir/hard",
                                 "fifo",
                                 "device",
                                 "dangling",
                                 "loop",
                                 "missing",
                                 "file/",
                                 "dir/",
                                 "to_dir/",
                                 "to_file/",
                                 "file/below",
                                 ".",
                                 "dir/..",
                                 "/",
                                 "/dev/null",
                                 "/dev/zero",
                                 "/proc/version",
                                 "/proc/self/exe",
                                 "/sys",
                                 "",
                                 ""});
    int dirfd = fd_;
    if (name.empty()) dirfd = RandomOf({fd_, file_, link_, pipe_[0], socket_[0], AT_FDCWD});
    if (rarely()) dirfd = RandomOf({-1, 9999, AT_FDCWD, file_, -101});
    unsigned flags = RandomOf({0, AT_SYMLINK_NOFOLLOW}) | RandomOf({0, AT_NO_AUTOMOUNT}) |
                     RandomOf({0, AT_STATX_FORCE_SYNC, AT_STATX_DONT_SYNC});
    if (name.empty() || rarely()) flags |= AT_EMPTY_PATH;
    if (rarely()) flags ^= RandomOf({0x1u, 0x200u, 0x400u, 0x6000u, 0x8000u, 0x80000000u, 0x1000u});
    unsigned mask = RandomOf<unsigned>({STATX_BASIC_STATS, STATX_ALL, STATX_SIZE, 0, 0x7fffffff,
                                        kMountId, STATX_BASIC_STATS | kMountId});
    if (rarely()) mask |= RandomOf({STATX__RESERVED, 0x10000000u});
    AtPageEnd text(name.size() + 1);
    memcpy(text.data(), name.c_str(), name.size() + 1);
    Word path = Address(text.data());
    if (rarely()) {
      path = RandomOf({Word{0}, BadPointer(), KernelPointer(), Address(longest.c_str()),
                       Address(long_name.c_str())});
    }
    Compare(Make(Dirty(dirfd), path, Dirty(flags), Dirty(mask)),
            "'" + name + "' fd " + std::to_string(dirfd) + " flags " + std::to_string(flags) +
                " mask " + std::to_string(mask) + " path " + std::to_string(path));
  }
  EXPECT_EQ(OpenDescriptors(), before);
}

// Two faults at once, all pairs: the order of the checks.
TEST_F(Statx, OrderOfChecks) {
  char none[] = "missing", empty[] = "", file[] = "file";
  for (const Word path : {Address(none), Address(empty), Address(file), BadPointer(), Word{0}}) {
    for (const int dirfd : {fd_, file_, -1, AT_FDCWD}) {
      for (const unsigned flags : {0u, 0x1000u, 0x6000u, 0x7000u, 0x8000u, 0x9000u, 0xf000u}) {
        for (const unsigned mask : {0x7ffu, 0x80000000u}) {
          const Args args = Make(dirfd, path, flags, mask);
          Compare(args,
                  std::to_string(path) + " " + std::to_string(dirfd) + " " + std::to_string(flags));
          for (const Word buffer : {Word{0}, BadPointer(), ReadOnlyPointer(), KernelPointer()}) {
            const Args bad = Make(dirfd, path, flags, mask, buffer);
            EXPECT_EQ(ErrnoName(Ours(bad)), ErrnoName(Native<"statx">(bad)))
                << path << " " << dirfd << " " << flags << " " << buffer;
          }
        }
      }
    }
  }
}

TEST_F(Statx, BufferAtTheEndOfMemory) {
  for (const size_t room : {256, 255, 248, 144, 128, 16, 1, 0}) {
    AtPageEnd native(room), ours(room);
    memset(native.data(), 0xa5, room);
    memset(ours.data(), 0xa5, room);
    const auto arguments = [&](AtPageEnd& buffer) {
      return Make(fd_, Address("file"), 0, STATX_BASIC_STATS, Address(buffer.data()));
    };
    const long expected = Native<"statx">(arguments(native));
    EXPECT_EQ(expected, room == 256 ? 0 : -EFAULT);
    EXPECT_EQ(Ours(arguments(ours)), expected);
    // A bad end of the buffer leaves the part before it written, as natively.
    EXPECT_EQ(std::string(ours.data(), room) == std::string(room, '\xa5'),
              std::string(native.data(), room) == std::string(room, '\xa5'))
        << room;
  }
}

// By either way, and of what has no file system of its own to see.
TEST_F(Statx, TheMountThatItIsOn) {
  int ids = 0;
  for (const char* path : {"/proc", "/proc/self/status", "/dev/null", "/", "file", "to_file", ""}) {
    for (const int flags : {0, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH}) {
      for (const int dirfd : {fd_, file_, link_, pipe_[0], socket_[0], AT_FDCWD}) {
        const Args args = Make(dirfd, Address(path), flags, kMountId);
        Compare(args, path + std::to_string(dirfd));
        Buffer ours;
        Args with = args;
        with.word[4] = Address(&ours);
        ids += Ours(with) == 0 && (ours.stx_mask & kMountId) && ours.stx_mnt_id != 0;
      }
    }
  }
  EXPECT_GT(ids, 80);
}

TEST_F(Statx, WhatItSays) {
  Buffer out;
  ASSERT_EQ(Ours(Make(fd_, Address("device"), 0, STATX_ALL, Address(&out))), 0);
  EXPECT_EQ(out.stx_mask, static_cast<unsigned>(STATX_BASIC_STATS));
  EXPECT_EQ(out.stx_rdev_major, 0xabcu);
  EXPECT_EQ(out.stx_rdev_minor, 0xedcbau);
  ASSERT_EQ(Ours(Make(fd_, Address("file"), 0, STATX_ALL, Address(&out))), 0);
  EXPECT_EQ(out.stx_atime.tv_sec, -86400);
  EXPECT_EQ(out.stx_atime.tv_nsec, 123456789u);
  EXPECT_EQ(out.stx_mtime.tv_sec, 4102444800);
  EXPECT_EQ(out.stx_nlink, 2u);
}

TEST_F(Statx, UnprivilegedAndUnsearchable) {
  CheckInChild([&] {
    TempDir dir;
    const std::string shut = dir / "shut";
    ASSERT_EQ(mkdir(shut.c_str(), 0) + chmod(dir.path().c_str(), 0755), 0);
    ASSERT_EQ(chdir(shut.c_str()), 0);
    CheckInChild([&] {
      ASSERT_EQ(setresgid(65534, 65534, 65534) + setresuid(65534, 65534, 65534), 0);
      for (const char* name : {"", ".", "x", "..", "../shut/x"}) {
        for (const int flags : {0, AT_EMPTY_PATH}) {
          Compare(Make(AT_FDCWD, Address(name), flags, STATX_BASIC_STATS), name);
        }
      }
    });
    ASSERT_EQ(chdir("/"), 0);
  });
}

void LookTwice(const TempDir& dir) {
  const std::string path = dir / "file";
  Buffer out;
  EXPECT_EQ(Ours(Make(AT_FDCWD, Address(path.c_str()), 0, 0, Address(&out))), 0);
  EXPECT_EQ(out.stx_uid, 12345u);
  const int fd = open(path.c_str(), O_PATH);
  EXPECT_EQ(Ours(Make(fd, Address(""), AT_EMPTY_PATH, 0, Address(&out))), 0);
  EXPECT_EQ(out.stx_uid, 12345u);
  close(fd);
}

TEST_F(Statx, WithoutLeaderOrWithOwnFileTable) {
  WithoutLeader([&] { LookTwice(dir_); });
  WithOwnFileTable([&] { LookTwice(dir_); });
}

TEST_F(Statx, DescriptorZeroFreeAndLockKept) {
  CheckInChild([&] {
    const std::string path = dir_ / "file";
    const int locked = OpenLocked(path.c_str());
    close(0);
    LookTwice(dir_);
    EXPECT_EQ(fcntl(0, F_GETFD), -1);
    EXPECT_TRUE(IsLocked(path.c_str()));
    close(locked);
  });
}

// newfstatat as it was before 2.6.38: it refuses every flag but AT_SYMLINK_NOFOLLOW.
long OldCall(long nr, long a, long b, long c, long d, long e, long f) {
  if (nr == NumberOf("newfstatat") && (d & ~AT_SYMLINK_NOFOLLOW)) return -EINVAL;
  return nr == NumberOf("newfstatat") || nr == NumberOf("fstat")
             ? Native(nr, Make(a, b, c, d, e, f))
             : -ENOSYS;
}
Word Copy(void* to, Word from, Word bytes) {
  memcpy(to, reinterpret_cast<const void*>(from), bytes);
  return bytes;
}
Word CopyBack(Word to, const void* from, Word bytes) {
  memcpy(reinterpret_cast<void*>(to), from, bytes);
  return bytes;
}

TEST_F(Statx, OnAHostWithoutEmptyPaths) {
  const Host host{OldCall, Copy, CopyBack, nullptr, nullptr, nullptr};
  Kernel kernel(host);
  for (const char* path : {"", "file", "to_file", "missing"}) {
    for (const int dirfd : {fd_, file_, AT_FDCWD, 9999, -1}) {
      for (const int flags : {AT_EMPTY_PATH, AT_NO_AUTOMOUNT, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW,
                              AT_EMPTY_PATH | AT_NO_AUTOMOUNT, 0x8000}) {
        Buffer native = {}, ours = {};
        const auto arguments = [&](Buffer* buffer) {
          return Make(dirfd, Address(path), flags, STATX_BASIC_STATS, Address(buffer));
        };
        const long expected = Native<"statx">(arguments(&native));
        EXPECT_EQ(ErrnoName(translate::statx(kernel, arguments(&ours)).value), ErrnoName(expected))
            << path << " " << dirfd << " " << flags;
        if (expected == 0) ForgetWhatIsLost(STATX_BASIC_STATS, &native, &ours);
        EXPECT_EQ(memcmp(&native, &ours, sizeof(ours)), 0) << path << " " << dirfd << " " << flags;
      }
    }
  }
}

}  // namespace
}  // namespace abishim::test

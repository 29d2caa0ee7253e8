#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/check_in_child.h"
#include "tests/support/oracle.h"

namespace abishim::test {
namespace {

constexpr const char* kNames[] = {"file",        "dir",      "dir/file", "to_file",  "to_dir",
                                  "fifo",        "dangling", "loop",     "missing",  "to_dir/file",
                                  "file/",       "dir/",     "to_dir/",  "to_file/", "file/below",
                                  "dir/../file", ".",        "..",       "loop/file"};

class Tree {
 public:
  Tree() {
    mkdir(top_.c_str(), 0755);
    mkdir((*this / "dir").c_str(), 0755);
    for (const char* name : {"file", "dir/file"}) close(creat((*this / name).c_str(), 0644));
    mkfifo((dir_ / "fifo").c_str(), 0600);
    for (const auto& [target, name] :
         {std::pair{"file", "to_file"}, std::pair{"dir", "to_dir"},
          std::pair{"nowhere", "dangling"}, std::pair{"loop", "loop"}}) {
      EXPECT_EQ(symlink(target, (*this / name).c_str()), 0);
    }
    fd_ = open(top_.c_str(), O_RDONLY | O_DIRECTORY);
  }
  ~Tree() { close(fd_); }
  int fd() const { return fd_; }
  std::string operator/(const std::string& name) const { return top_ + "/" + name; }
  // All that fchmodat2 can change.
  std::string Modes() const {
    std::string modes;
    for (const char* name :
         {".", "file", "dir", "dir/file", "fifo", "to_file", "to_dir", "dangling"}) {
      struct stat stat = {};
      fstatat(fd_, name, &stat, AT_SYMLINK_NOFOLLOW);
      modes += std::string(name) + " " + std::to_string(stat.st_mode) + "\n";
    }
    return modes;
  }

 private:
  TempDir dir_;
  std::string top_ = dir_ / "top";  // the names have "..", which is not to be /tmp
  int fd_;
};

long Ours(const Args& args) { return Translated(translate::fchmodat2, args); }

struct Input {
  int dirfd, mode, flags;
  Word path;
  Args Arguments() const { return Make(Dirty(dirfd), path, Dirty(mode), Dirty(flags)); }
};

// Both trees are given the same calls one after the other; they must look the same throughout.
TEST(Fchmodat2, AgreesWithTheKernel) {
  Tree native, ours;
  Shares shares("fchmodat2");
  const std::string longest(5000, 'x'), long_name(300, 'y');
  const int before = OpenDescriptors();
  for (int i = 0; i < 3000; ++i) {
    const auto rarely = [] { return RandomInt(0, 24) == 0; };
    const char* name = RandomOf(kNames);
    const bool absolute = rarely(), empty = RandomInt(0, 4) == 0;
    const int kind = RandomInt(0, 3), mode = RandomInt(0, 07777);
    int flags =
        RandomOf({0, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH});
    if (rarely()) flags = RandomOf({1, 0x200, 0x400, 0x800, 0x8000, -1});
    const int bad_fd = rarely() ? RandomOf({-1, 9999, -101}) : 0;
    const Word bad_path = rarely()
                              ? RandomOf({Word{0}, BadPointer(), KernelPointer(),
                                          Address(longest.c_str()), Address(long_name.c_str())})
                              : 0;
    const bool has_bad_path = bad_path != 0 || rarely();
    long result[2];
    int side = 0;
    for (const Tree* tree : {&native, &ours}) {
      Input input{tree->fd(), mode, flags, 0};
      std::string path = absolute ? *tree / name : name;
      int opened = -1;
      if (empty) {
        path.clear();
        const int how = kind < 2 ? O_PATH | O_NOFOLLOW : O_RDONLY | O_NONBLOCK;
        opened = openat(tree->fd(), name, how);
        if (opened >= 0) input.dirfd = opened;
      }
      AtPageEnd text(path.size() + 1);
      memcpy(text.data(), path.c_str(), path.size() + 1);
      input.path = has_bad_path ? bad_path : Address(text.data());
      if (bad_fd != 0) input.dirfd = bad_fd;
      result[side] = side == 0 ? Native<"fchmodat2">(input.Arguments()) : Ours(input.Arguments());
      if (opened >= 0) close(opened);
      ++side;
    }
    shares.Count(result[0]);
    ASSERT_EQ(ErrnoName(result[1]), ErrnoName(result[0]))
        << "name " << name << " empty " << empty << " flags " << flags << " fd " << bad_fd;
    ASSERT_EQ(ours.Modes(), native.Modes()) << "name " << name << " flags " << flags;
  }
  EXPECT_EQ(OpenDescriptors(), before);
}

TEST(Fchmodat2, ASymbolicLinkItself) {
  Tree tree;
  const std::string path = tree / "to_file", modes = tree.Modes();
  const int link = open(path.c_str(), O_PATH | O_NOFOLLOW);
  for (const Args& args : {Make(AT_FDCWD, Address(path.c_str()), 0600, AT_SYMLINK_NOFOLLOW),
                           Make(link, Address(""), 0600, AT_EMPTY_PATH)}) {
    EXPECT_EQ(Native<"fchmodat2">(args), -EOPNOTSUPP);
    EXPECT_EQ(Ours(args), -EOPNOTSUPP);
  }
  EXPECT_EQ(tree.Modes(), modes);
  close(link);
}

TEST(Fchmodat2, WorkingDirectoryThatMayNotBeSearched) {
  CheckInChild([] {
    TempDir dir;
    for (const bool native : {true, false}) {
      const std::string path = dir / (native ? "native" : "ours");
      mkdir(path.c_str(), 0);
      ASSERT_EQ(chown(path.c_str(), 1234, 1234) + chmod(dir.path().c_str(), 0755), 0);
      ASSERT_EQ(chdir(path.c_str()), 0);
      CheckInChild([&] {
        ASSERT_EQ(setresgid(1234, 1234, 1234) + setresuid(1234, 1234, 1234), 0);
        const Args args = Make(Dirty(AT_FDCWD), Address(""), 0751, AT_EMPTY_PATH);
        EXPECT_EQ(native ? Native<"fchmodat2">(args) : Ours(args), 0);
      });
      struct stat stat;
      EXPECT_EQ(::stat(path.c_str(), &stat), 0);
      EXPECT_EQ(stat.st_mode, S_IFDIR | 0751u);
    }
    ASSERT_EQ(chdir("/"), 0);
  });
}

// Every errno that comes from who asks or from the mount, with and without the flags.
TEST(Fchmodat2, ForeignFilesAndReadOnlyMounts) {
  Tree tree;
  const std::string root = tree / ".";
  CheckInChild([&] {
    ASSERT_EQ(unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    const auto compare = [&] {
      for (const char* name : kNames) {
        for (const int flags : {0, AT_SYMLINK_NOFOLLOW}) {
          const std::string path = tree / name;
          const Args args = Make(AT_FDCWD, Address(path.c_str()), 0644, flags);
          EXPECT_EQ(ErrnoName(Ours(args)), ErrnoName(Native<"fchmodat2">(args))) << name << flags;
        }
        const int fd = openat(tree.fd(), name, O_PATH | O_NOFOLLOW);
        const Args args = Make(fd, Address(""), 0644, AT_EMPTY_PATH);
        EXPECT_EQ(ErrnoName(Ours(args)), ErrnoName(Native<"fchmodat2">(args))) << name;
        close(fd);
      }
    };
    const auto as_nobody = [&] {
      ASSERT_EQ(setresgid(65534, 65534, 65534) + setresuid(65534, 65534, 65534), 0);
      compare();
    };
    ASSERT_EQ(chmod(root.c_str(), 0711), 0);
    CheckInChild(as_nobody);
    ASSERT_EQ(mount(root.c_str(), root.c_str(), nullptr, MS_BIND, nullptr), 0);
    ASSERT_EQ(mount(nullptr, root.c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr), 0);
    const int fresh = open(root.c_str(), O_RDONLY | O_DIRECTORY);
    ASSERT_EQ(dup2(fresh, tree.fd()), tree.fd());
    const Args args = Make(fresh, Address("file"), 0644, AT_SYMLINK_NOFOLLOW);
    EXPECT_EQ(Native<"fchmodat2">(args), -EROFS);
    compare();
    CheckInChild(as_nobody);
  });
}

void ChangeSome(const Tree& tree, int mode) {
  const std::string path = tree / "file";
  struct stat stat;
  EXPECT_EQ(Ours(Make(AT_FDCWD, Address(path.c_str()), mode, AT_SYMLINK_NOFOLLOW)), 0);
  EXPECT_EQ(::stat(path.c_str(), &stat), 0);
  EXPECT_EQ(stat.st_mode & 07777u, static_cast<unsigned>(mode));
  const int fd = open(path.c_str(), O_PATH);
  EXPECT_EQ(Ours(Make(fd, Address(""), mode + 1, AT_EMPTY_PATH)), 0);
  EXPECT_EQ(::stat(path.c_str(), &stat), 0);
  EXPECT_EQ(stat.st_mode & 07777u, static_cast<unsigned>(mode + 1));
  close(fd);
}

TEST(Fchmodat2, WithoutLeaderOrWithOwnFileTable) {
  Tree tree;
  WithoutLeader([&] { ChangeSome(tree, 0640); });
  WithOwnFileTable([&] { ChangeSome(tree, 0604); });
}

TEST(Fchmodat2, DescriptorZeroFreeAndLockKept) {
  Tree tree;
  const std::string path = tree / "file";
  CheckInChild([&] {
    const int locked = OpenLocked(path.c_str());
    ASSERT_TRUE(IsLocked(path.c_str()));
    close(0);
    ChangeSome(tree, 0640);
    EXPECT_EQ(fcntl(0, F_GETFD), -1) << "descriptor 0 was left open";
    EXPECT_TRUE(IsLocked(path.c_str()));
    close(locked);
  });
}

TEST(Fchmodat2, WithoutProc) {
  Tree tree;
  const std::string path = tree / "file";
  CheckInChild([&] {
    ASSERT_EQ(unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    ASSERT_EQ(mount("none", "/proc", "tmpfs", 0, nullptr), 0);
    const std::string modes = tree.Modes();
    EXPECT_EQ(Ours(Make(AT_FDCWD, Address(path.c_str()), 0700, AT_SYMLINK_NOFOLLOW)), -ENOSYS);
    EXPECT_EQ(Ours(Make(AT_FDCWD, Address(""), 0700, AT_EMPTY_PATH)), -ENOSYS);
    EXPECT_EQ(tree.Modes(), modes);
    const int fd = open(path.c_str(), O_RDONLY);
    EXPECT_EQ(Ours(Make(fd, Address(""), 0700, AT_EMPTY_PATH)), 0);
    EXPECT_NE(tree.Modes(), modes);
  });
}

TEST(Fchmodat2, WithoutAFreeDescriptor) {
  Tree tree;
  const std::string path = tree / "file";
  CheckInChild([&] {
    EXPECT_EQ(Ours(Make(AT_FDCWD, Address(path.c_str()), 0700, AT_SYMLINK_NOFOLLOW)), 0);
    const rlimit none{0, 0};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    EXPECT_EQ(Ours(Make(AT_FDCWD, Address(path.c_str()), 0700, AT_SYMLINK_NOFOLLOW)), -ENOSYS);
  });
}

}  // namespace
}  // namespace abishim::test

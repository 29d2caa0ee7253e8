#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "tests/support/check_in_child.h"
#include "tests/support/oracle.h"

namespace abishim::test {
namespace {

constexpr unsigned kNoReplace = RENAME_NOREPLACE, kExchange = RENAME_EXCHANGE,
                   kWhiteout = RENAME_WHITEOUT;

class Tree {
 public:
  Tree() {
    fd_ = open(dir_.path().c_str(), O_RDONLY | O_DIRECTORY);
    Fill();
  }
  ~Tree() { close(fd_); }
  int fd() const { return fd_; }
  std::string operator/(const std::string& name) const { return dir_ / name; }
  // What is missing is made anew and what is new removed, so that random calls go on succeeding.
  void Fill() {
    std::error_code ignored;
    for (const char* name : {"new", "next", "full/new", "dir/new", "dir/in"}) {
      std::filesystem::remove_all(dir_ / name, ignored);
    }
    for (const char* name : {"dir", "full", "hollow"}) mkdirat(fd_, name, 0755);
    for (const char* name : {"file", "other", "full/file"}) {
      const int fd = openat(fd_, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644);
      if (fd < 0) continue;
      EXPECT_EQ(write(fd, name, strlen(name)), static_cast<ssize_t>(strlen(name)));
      close(fd);
    }
    for (const auto& [target, name] :
         {std::pair{"file", "to_file"}, std::pair{"dir", "to_dir"}, std::pair{"loop", "loop"}}) {
      if (symlinkat(target, fd_, name) != 0) continue;
    }
    if (linkat(fd_, "file", fd_, "hard", 0) != 0) return;
  }
  // Names, types, and which names are one file.
  std::string Everything() const { return List(""); }

 private:
  std::string List(const std::string& below) const {
    std::vector<std::string> names;
    DIR* const directory = fdopendir(openat(fd_, below.empty() ? "." : below.c_str(), O_RDONLY));
    while (const dirent* entry = readdir(directory)) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(below + name);
    }
    closedir(directory);
    std::sort(names.begin(), names.end());
    std::string text;
    for (const std::string& name : names) {
      struct stat stat = {};
      fstatat(fd_, name.c_str(), &stat, AT_SYMLINK_NOFOLLOW);
      text += name + " " + std::to_string(stat.st_mode) + " " + std::to_string(stat.st_size) + "\n";
      if (S_ISDIR(stat.st_mode)) text += List(name + "/");
    }
    return text;
  }
  TempDir dir_;
  int fd_;
};

long Ours(const Args& args) { return Translated(translate::renameat2, args); }

// One random call without flags, or with such as no kernel takes.
TEST(Renameat2, AgreesWithTheKernel) {
  constexpr const char* kNames[] = {
      "file",      "other",  "dir",  "full", "hollow",  "full/file", "to_file", "to_dir",
      "to_dir/in", "loop",   "hard", "new",  "dir/new", "file/",     "dir/",    "new/",
      "loop/x",    "file/x", ".",    "..",   "dir/sub", "full/.",    "to_dir/", ""};
  Tree native, ours;
  Shares shares("renameat2");
  const int before = OpenDescriptors();
  const std::string longest(5000, 'x'), long_name(300, 'y');
  for (int i = 0; i < 1500; ++i) {
    const auto rarely = [] { return RandomInt(0, 29) == 0; };
    const char* names[2] = {RandomOf(kNames), RandomOf(kNames)};
    if (RandomInt(0, 2) != 0) {
      names[0] =
          RandomOf({"file", "other", "dir", "full", "hollow", "full/file", "to_file", "hard"});
      names[1] = RandomOf({"new", "next", "full/new", "dir/new", "to_dir/in"});
    }
    Word bad[2] = {};
    int bad_fd[2] = {};
    for (int side : {0, 1}) {
      if (rarely()) {
        bad[side] = RandomOf({Word{1}, BadPointer(), KernelPointer(), Address(longest.c_str()),
                              Address(long_name.c_str())});
      }
      if (rarely()) bad_fd[side] = RandomOf({-1, 9999, -101});
    }
    int flags = 0;
    if (rarely()) flags = RandomOf({3, 6, 7, 8, 9, 16, -1, 0x40000000});
    const auto call = [&](const Tree& tree, const auto& make) {
      AtPageEnd from(strlen(names[0]) + 1), to(strlen(names[1]) + 1);
      strcpy(from.data(), names[0]);
      strcpy(to.data(), names[1]);
      return make(Make(Dirty(bad_fd[0] ? bad_fd[0] : tree.fd()),
                       bad[0] ? bad[0] : Address(from.data()),
                       Dirty(bad_fd[1] ? bad_fd[1] : tree.fd()),
                       bad[1] ? bad[1] : Address(to.data()), Dirty(flags)));
    };
    const long expected = call(native, [](const Args& a) { return Native<"renameat2">(a); });
    shares.Count(expected);
    ASSERT_EQ(ErrnoName(call(ours, Ours)), ErrnoName(expected))
        << names[0] << " to " << names[1] << " flags " << flags;
    ASSERT_EQ(ours.Everything(), native.Everything()) << names[0] << " to " << names[1];
    native.Fill();
    ours.Fill();
  }
  EXPECT_EQ(OpenDescriptors(), before);
}

// Every 32-bit pattern of the low bits and some high ones: what no kernel takes is EINVAL before
// the names are looked at, even bad ones.
TEST(Renameat2, ImpossibleFlags) {
  for (unsigned flags = 1; flags < 64; ++flags) {
    for (const unsigned high : {0u, 0x80000000u, 0x100u}) {
      const bool exchange = flags & kExchange, other = flags & (kNoReplace | kWhiteout);
      if (high == 0 && flags < 8 && !(exchange && other)) continue;
      const Args args = Make(-1, BadPointer(), -1, KernelPointer(), Dirty(flags | high));
      EXPECT_EQ(Native<"renameat2">(args), -EINVAL) << flags;
      EXPECT_EQ(Ours(args), -EINVAL) << flags;
    }
  }
}

// The exception that the row's `loses` names: possible flags that the kernel carries out and we
// refuse, whatever else is wrong with the call, without any effect.
TEST(Renameat2, PossibleFlagsAreRefusedAndNothingIsOverwritten) {
  Tree tree;
  const std::string before = tree.Everything();
  for (const unsigned flags : {kNoReplace, kExchange, kWhiteout, kNoReplace | kWhiteout}) {
    for (const char* to : {"other", "new", "dir", "hard", "missing/new"}) {
      EXPECT_EQ(Ours(Make(tree.fd(), Address("file"), tree.fd(), Address(to), Dirty(flags))),
                -EINVAL);
    }
    EXPECT_EQ(Ours(Make(tree.fd(), BadPointer(), tree.fd(), Word{0}, flags)), -EINVAL);
    EXPECT_EQ(Ours(Make(-1, Address("file"), -1, Address("new"), flags)), -EINVAL);
  }
  EXPECT_EQ(tree.Everything(), before);
  // And this is what is refused.
  const auto native = [&](const char* from, const char* to, unsigned flags) {
    return Native<"renameat2">(Make(tree.fd(), Address(from), tree.fd(), Address(to), flags));
  };
  EXPECT_EQ(native("file", "other", kNoReplace), -EEXIST);
  EXPECT_EQ(native("file", "new", kNoReplace), 0);
  EXPECT_EQ(native("new", "other", kExchange), 0);
}

TEST(Renameat2, MountsAndForeignDirectories) {
  Tree tree;
  const std::string root = tree / ".", full = tree / "full";
  CheckInChild([&] {
    ASSERT_EQ(unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    ASSERT_EQ(mount(full.c_str(), full.c_str(), nullptr, MS_BIND, nullptr), 0);
    ASSERT_EQ(mount(nullptr, full.c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr), 0);
    // A descriptor from before is of the old namespace, where nothing is mounted.
    const int fresh = open(root.c_str(), O_RDONLY | O_DIRECTORY);
    ASSERT_EQ(dup2(fresh, tree.fd()), tree.fd());
    const auto compare = [&] {
      for (const auto& [from, to] :
           {std::pair{"full", "moved"}, std::pair{"dir", "full"}, std::pair{"file", "full/in"},
            std::pair{"full/file", "out"}, std::pair{"full/file", "full/twin"}}) {
        const Args args = Make(tree.fd(), Address(from), tree.fd(), Address(to), 0);
        const long expected = Native<"renameat2">(args);
        EXPECT_LT(expected, 0);
        EXPECT_EQ(ErrnoName(Ours(args)), ErrnoName(expected)) << from << " to " << to;
      }
    };
    compare();
    const Args plain = Make(tree.fd(), Address("file"), tree.fd(), Address("new"), 0);
    ASSERT_EQ(chmod(root.c_str(), 0755), 0);
    CheckInChild([&] {
      ASSERT_EQ(setresgid(65534, 65534, 65534) + setresuid(65534, 65534, 65534), 0);
      compare();
      EXPECT_EQ(Native<"renameat2">(plain), -EACCES);
      EXPECT_EQ(Ours(plain), -EACCES);
    });
  });
}

TEST(Renameat2, WithoutLeaderOrWithOwnFileTableOrDescriptorZero) {
  Tree tree;
  const auto there_and_back = [&] {
    for (const auto& [from, to] : {std::pair{"file", "new"}, std::pair{"new", "file"}}) {
      EXPECT_EQ(Ours(Make(tree.fd(), Address(from), tree.fd(), Address(to), 0)), 0);
    }
  };
  WithoutLeader(there_and_back);
  WithOwnFileTable(there_and_back);
  CheckInChild([&] {
    const std::string path = tree / "file";
    const int locked = OpenLocked(path.c_str());
    close(0);
    there_and_back();
    EXPECT_EQ(fcntl(0, F_GETFD), -1);
    EXPECT_TRUE(IsLocked(path.c_str()));
    close(locked);
  });
}

}  // namespace
}  // namespace abishim::test

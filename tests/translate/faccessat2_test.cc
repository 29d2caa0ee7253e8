#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "tests/support/askers.h"
#include "tests/support/check_in_child.h"
#include "tests/support/child.h"
#include "tests/support/oracle.h"

namespace abishim::test {
namespace {

long Ours(const Args& args) { return Translated(translate::faccessat2, args); }

// Files and directories of three owners, every kind of mode, links, an access list.
class Tree {
 public:
  Tree() {
    chmod(dir_.path().c_str(), 0755);
    for (const auto& [name, owner, group, mode] :
         {std::tuple{"open", 0, 0, 0755}, std::tuple{"shut", 1000, 1000, 0700},
          std::tuple{"group", 0, 2000, 0710}, std::tuple{"none", 0, 0, 0}}) {
      mkdir((dir_ / name).c_str(), 0700);
      File(std::string(name) + "/file", 2000, 2000, 0644);
      EXPECT_EQ(chown((dir_ / name).c_str(), owner, group), 0);
      EXPECT_EQ(chmod((dir_ / name).c_str(), mode), 0);
      names_.push_back(name);
      names_.push_back(std::string(name) + "/");
      names_.push_back(std::string(name) + "/missing");
      names_.push_back(std::string(name) + "/../open/file");
    }
    for (const int owner : {0, 1000, 2000}) {
      for (const int mode : {0, 0400, 0644, 0111, 0070, 0751, 0707}) {
        File(std::to_string(owner) + "." + std::to_string(mode), owner, 3000 - owner, mode);
      }
    }
    for (const auto& [target, name] :
         {std::pair{"open/file", "to_open"}, std::pair{"shut/file", "to_shut"},
          std::pair{"shut", "to_dir"}, std::pair{"nowhere", "dangling"},
          std::pair{"loop", "loop"}}) {
      EXPECT_EQ(symlink(target, (dir_ / name).c_str()), 0);
      names_.push_back(name);
      names_.push_back(std::string(name) + "/");
    }
    EXPECT_EQ(mkfifo((dir_ / "fifo").c_str(), 0640), 0);
    names_.push_back("fifo");
    // Version 2; user::rw-, user:1000:r--, user:2000:-wx, group::---, mask::rwx, other::---
    const unsigned list[] = {2,          0x00060001, 0xffffffff, 0x00040002, 1000,
                             0x00030002, 2000,       0x00000004, 0xffffffff, 0x00070010,
                             0xffffffff, 0x00000020, 0xffffffff};
    File("listed", 0, 0, 0600);
    EXPECT_EQ(setxattr((dir_ / "listed").c_str(), "system.posix_acl_access", list, sizeof(list), 0),
              0);
    fd_ = open(dir_.path().c_str(), O_RDONLY | O_DIRECTORY);
    for (const std::string& name : names_) {
      fds_.push_back(openat(fd_, name.c_str(), O_PATH | O_NOFOLLOW));
    }
  }
  ~Tree() {
    for (const int fd : fds_) {
      if (fd >= 0) close(fd);
    }
    close(fd_);
  }
  int fd() const { return fd_; }
  const std::string& path() const { return dir_.path(); }
  const std::vector<std::string>& names() const { return names_; }
  const std::vector<int>& fds() const { return fds_; }

 private:
  void File(const std::string& name, int owner, int group, int mode) {
    close(creat((dir_ / name).c_str(), 0600));
    EXPECT_EQ(chown((dir_ / name).c_str(), owner, group), 0);
    EXPECT_EQ(chmod((dir_ / name).c_str(), mode), 0);
    names_.push_back(name);
  }
  TempDir dir_;
  std::vector<std::string> names_;
  std::vector<int> fds_;  // of the names; -1 where there is none
  int fd_;
};

struct Input {
  std::unique_ptr<AtPageEnd> text;
  Args args;
  std::string what;
};

Input RandomInput(const Tree& tree) {
  static const std::string longest(5000, 'x'), long_name(300, 'y');
  const auto rarely = [] { return RandomInt(0, 29) == 0; };
  const size_t which = RandomInt(0, static_cast<int>(tree.names().size()) - 1);
  std::string name = tree.names()[which];
  int dirfd = tree.fd();
  int mode = RandomOf({F_OK, R_OK, RandomInt(0, 7), RandomInt(0, 7)});
  int flags = RandomOf({0, AT_EACCESS, AT_EACCESS}) | RandomOf({0, AT_SYMLINK_NOFOLLOW});
  if (RandomInt(0, 3) == 0) {
    flags |= AT_EMPTY_PATH;
    if (RandomInt(0, 3) != 0) {
      name.clear();
      dirfd = rarely() ? AT_FDCWD : tree.fds()[which];
    }
  } else if (rarely()) {
    name = tree.path() + "/" + name;
    dirfd = RandomOf({-1, AT_FDCWD});
  }
  if (rarely()) dirfd = RandomOf({-1, 9999, -101});
  if (rarely()) mode = RandomOf({8, -1, 0x100, 010000});
  if (rarely()) flags |= RandomOf({1, 0x400, 0x800, 0x8000, static_cast<int>(0x80000000)});
  Input input{std::make_unique<AtPageEnd>(name.size() + 1), {}, {}};
  memcpy(input.text->data(), name.c_str(), name.size() + 1);
  Word path = Address(input.text->data());
  if (rarely()) {
    path = RandomOf({Word{0}, BadPointer(), KernelPointer(), Address(longest.c_str()),
                     Address(long_name.c_str())});
    name += " (bad pointer)";
  }
  input.args = Make(Dirty(dirfd), path, Dirty(mode), Dirty(flags));
  input.what = "'" + name + "' dirfd " + std::to_string(dirfd) + " mode " + std::to_string(mode) +
               " flags " + std::to_string(flags);
  return input;
}

constexpr long kCouldNotBecome = -4000;

// Each one asks the kernel and the translation the same questions.
TEST(Faccessat2, AgreesWithTheKernelForEveryAsker) {
  Tree tree;
  Shares shares("faccessat2");
  const int before = OpenDescriptors();
  for (const Asker& asker : Askers()) {
    std::vector<Input> inputs;
    for (int i = 0; i < 150; ++i) inputs.push_back(RandomInput(tree));
    const Seen seen = InChild([&] {
      Seen results;
      if (!asker.become()) return Seen{kCouldNotBecome, errno};
      for (const Input& input : inputs) {
        results.push_back(Native<"faccessat2">(input.args));
        results.push_back(Ours(input.args));
      }
      // Nothing left behind: no zombie, and not one descriptor.
      results.push_back(waitpid(-1, nullptr, __WALL | WNOHANG) == -1 && errno == ECHILD);
      return results;
    });
    ASSERT_EQ(seen.size(), inputs.size() * 2 + 1) << asker.name << " " << seen[0] << " " << seen[1];
    int refused = 0;
    for (size_t i = 0; i < inputs.size(); ++i) {
      const long native = seen[2 * i], ours = seen[2 * i + 1];
      shares.Count(native);
      // The exception that the row names: one whose effective ids or capabilities no child of his
      // can make the real ones. ENOSYS, on which libraries fall back.
      if (asker.cannot_be_asked_for && inputs[i].args.Int(3) & AT_EACCESS && ours == -ENOSYS) {
        ++refused;
      } else {
        EXPECT_EQ(ErrnoName(ours), ErrnoName(native)) << asker.name << ": " << inputs[i].what;
      }
    }
    EXPECT_EQ(refused > 0, asker.cannot_be_asked_for) << asker.name;
    EXPECT_EQ(seen.back(), 1) << asker.name << ": a child was left";
  }
  EXPECT_EQ(OpenDescriptors(), before);
}

// Two faults at once.
TEST(Faccessat2, OrderOfChecks) {
  for (const Word path : {Address("missing"), Address(""), Address("/"), BadPointer(), Word{0}}) {
    for (const int dirfd : {-1, AT_FDCWD, 9999, 0}) {
      for (const int mode : {0, 4, 8, -1}) {
        for (const int flags : {0, 0x100, 0x200, 0x1000, 0x1300, 0x8000, 0x9000}) {
          const Args args = Make(Dirty(dirfd), path, Dirty(mode), Dirty(flags));
          EXPECT_EQ(ErrnoName(Ours(args)), ErrnoName(Native<"faccessat2">(args)))
              << path << " " << dirfd << " " << mode << " " << flags;
        }
      }
    }
  }
}

TEST(Faccessat2, ReadOnlyAndNoexecMounts) {
  Tree tree;
  CheckInChild([&] {
    ASSERT_EQ(unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    const char* const path = tree.path().c_str();
    ASSERT_EQ(mount(path, path, nullptr, MS_BIND, nullptr), 0);
    constexpr int kFlags = MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOEXEC;
    ASSERT_EQ(mount(nullptr, path, nullptr, kFlags, nullptr), 0);
    const int fd = open(path, O_RDONLY | O_DIRECTORY);
    const auto compare = [&] {
      int read_only = 0;
      for (const std::string& name : tree.names()) {
        const int itself = openat(fd, name.c_str(), O_PATH | O_NOFOLLOW);
        for (int mode = 0; mode < 8; ++mode) {
          for (const int flags : {0, AT_EACCESS, AT_SYMLINK_NOFOLLOW}) {
            const Args args = Make(fd, Address(name.c_str()), mode, flags);
            const long expected = Native<"faccessat2">(args);
            read_only += expected == -EROFS;
            EXPECT_EQ(ErrnoName(Ours(args)), ErrnoName(expected)) << name << mode << " " << flags;
          }
          const Args args = Make(itself, Address(""), mode, AT_EMPTY_PATH);
          EXPECT_EQ(ErrnoName(Ours(args)), ErrnoName(Native<"faccessat2">(args))) << name << mode;
        }
        close(itself);
      }
      EXPECT_GT(read_only, 20);
    };
    compare();
    CheckInChild([&] {
      ASSERT_EQ(setresgid(1000, 1000, 1000) + setresuid(1000, 1000, 1000), 0);
      compare();
    });
  });
}

// The working directory itself can be asked about by one who may not search it.
TEST(Faccessat2, WorkingDirectoryThatMayNotBeSearched) {
  Tree tree;
  CheckInChild([&] {
    ASSERT_EQ(fchdir(tree.fd()) + chdir("none"), 0);
    ASSERT_EQ(setresgid(1000, 2000, 2000) + setresuid(1000, 2000, 2000), 0);
    for (int mode = 0; mode < 8; ++mode) {
      for (const int flags : {AT_EMPTY_PATH, AT_EMPTY_PATH | AT_EACCESS}) {
        const Args args = Make(Dirty(AT_FDCWD), Address(""), mode, flags);
        EXPECT_EQ(ErrnoName(Ours(args)), ErrnoName(Native<"faccessat2">(args))) << mode;
      }
    }
  });
}

void AskSome(const Tree& tree) {
  for (const std::string& name : tree.names()) {
    for (const int flags : {AT_EACCESS, AT_SYMLINK_NOFOLLOW, AT_EACCESS | AT_SYMLINK_NOFOLLOW}) {
      const Args args = Make(tree.fd(), Address(name.c_str()), R_OK | W_OK, flags);
      EXPECT_EQ(ErrnoName(Ours(args)), ErrnoName(Native<"faccessat2">(args))) << name;
    }
    const int fd = openat(tree.fd(), name.c_str(), O_PATH | O_NOFOLLOW);
    const Args args = Make(fd, Address(""), R_OK | W_OK, AT_EMPTY_PATH);
    EXPECT_EQ(ErrnoName(Ours(args)), ErrnoName(Native<"faccessat2">(args))) << name;
    if (fd >= 0) close(fd);
  }
}
bool BecomeSetuid() { return setresgid(1000, 2000, 2000) == 0 && setresuid(1000, 2000, 2000) == 0; }

TEST(Faccessat2, WithoutLeaderOrWithOwnFileTable) {
  Tree tree;
  for (const bool setuid : {false, true}) {
    const auto ask = [&] {
      // By hand: glibc's functions would change the ids of an exited leader's thread group as well.
      if (setuid) {
        ASSERT_EQ(syscall(SYS_setresgid, 1000, 2000, 2000), 0);
        ASSERT_EQ(syscall(SYS_setresuid, 1000, 2000, 2000), 0);
      }
      AskSome(tree);
    };
    WithoutLeader(ask);
    WithOwnFileTable(ask);
  }
}

int g_children_ended;

// A program with children of its own and a handler sees nothing of ours, nor does one that ignores
// SIGCHLD; locks are kept, descriptor 0 stays free, the process stays dumpable.
TEST(Faccessat2, NothingIsNoticed) {
  Tree tree;
  for (const bool ignored : {false, true}) {
    CheckInChild([&] {
      const std::string locked_path = tree.path() + "/2000.420";
      const int locked = OpenLocked(locked_path.c_str());
      ASSERT_TRUE(IsLocked(locked_path.c_str()));
      ASSERT_TRUE(BecomeSetuid());
      ASSERT_EQ(prctl(PR_SET_DUMPABLE, 1), 0);
      g_children_ended = 0;
      const pid_t sleeper = fork();
      if (sleeper == 0) {
        for (;;) pause();
      }
      signal(
          SIGCHLD, ignored ? SIG_IGN : [](int) { ++g_children_ended; });
      close(0);
      AskSome(tree);
      EXPECT_EQ(fcntl(0, F_GETFD), -1);
      EXPECT_EQ(prctl(PR_GET_DUMPABLE), 1);
      EXPECT_EQ(g_children_ended, 0);
      EXPECT_EQ(waitpid(-1, nullptr, __WALL | WNOHANG), 0) << "only the sleeper, and asleep";
      kill(sleeper, SIGKILL);
      EXPECT_EQ(waitpid(sleeper, nullptr, 0), ignored ? -1 : sleeper);
      signal(SIGCHLD, SIG_DFL);  // IsLocked has a child of its own
      EXPECT_TRUE(IsLocked(locked_path.c_str()));
      close(locked);
    });
  }
}

TEST(Faccessat2, WithoutProcOrProcesses) {
  Tree tree;
  CheckInChild([&] {
    ASSERT_EQ(unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    ASSERT_EQ(mount("none", "/proc", "tmpfs", 0, nullptr), 0);
    const auto ask = [&](const char* name, int flags) {
      return Ours(Make(tree.fd(), Address(name), R_OK, flags));
    };
    EXPECT_EQ(ask("open", AT_EACCESS), 0);
    EXPECT_EQ(ask("open", AT_SYMLINK_NOFOLLOW), -ENOSYS);
    EXPECT_EQ(ask("", AT_EMPTY_PATH), -ENOSYS);
    const rlimit none{0, 0};
    ASSERT_EQ(setrlimit(RLIMIT_NPROC, &none), 0);
    ASSERT_TRUE(BecomeSetuid());
    EXPECT_EQ(ask("open", 0), 0);
    EXPECT_EQ(ask("open", AT_EACCESS), -ENOSYS);
  });
}

TEST(Faccessat2, WithoutAFreeDescriptor) {
  Tree tree;
  const std::string path = tree.path() + "/to_open";
  CheckInChild([&] {
    EXPECT_EQ(Ours(Make(AT_FDCWD, Address(path.c_str()), R_OK, AT_SYMLINK_NOFOLLOW)), 0);
    const rlimit none{0, 0};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    EXPECT_EQ(Ours(Make(AT_FDCWD, Address(path.c_str()), R_OK, AT_SYMLINK_NOFOLLOW)), -ENOSYS);
  });
}

}  // namespace
}  // namespace abishim::test

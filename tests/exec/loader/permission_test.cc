// Whether a file may be executed, asked in each of the ways in which a kernel can be asked.
#include <linux/landlock.h>
#include <sys/mount.h>
#include <sys/prctl.h>

#include <filesystem>

#include "shim/plan/mark.h"
#include "tests/exec/loader/files.h"
#include "tests/support/check_in_child.h"
#include "tests/support/oracle.h"

namespace abishim::test {
namespace {

constexpr Asking kWays[] = {Asking::kByCheck, Asking::kByBadArguments, Asking::kByPermission};

long May(Asking asking, const std::string& path, int directory = AT_FDCWD, int flags = 0) {
  const int descriptors = OpenDescriptors();
  const long answer =
      exec::MayExecute(Kernel(HostAsked(asking)), {directory, Address(path.c_str()), flags});
  EXPECT_EQ(OpenDescriptors(), descriptors);
  return answer;
}

class Permission : public testing::Test {
 protected:
  Permission() { std::filesystem::copy(ABISHIM_PRINT_ARGUMENTS, directory_ / "i"); }
  TempDir directory_;
};

TEST_F(Permission, ByDescriptor) {
  const int folder = open(directory_.path().c_str(), O_PATH | O_CLOEXEC);
  const int file = open((directory_ / "i").c_str(), O_PATH | O_CLOEXEC);
  const int readable = open((directory_ / "i").c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_EQ(symlink("i", (directory_ / "link").c_str()), 0);
  for (const Asking asking : kWays) {
    EXPECT_EQ(May(asking, "i", folder), 0);
    EXPECT_EQ(May(asking, "none", folder), -ENOENT);
    EXPECT_EQ(May(asking, "link", folder), 0);
    EXPECT_EQ(May(asking, "link", folder, AT_SYMLINK_NOFOLLOW), -ELOOP);
    EXPECT_EQ(May(asking, "", file, AT_EMPTY_PATH), 0);
    EXPECT_EQ(May(asking, "", readable, AT_EMPTY_PATH), 0);
    EXPECT_EQ(May(asking, "", folder, AT_EMPTY_PATH), -EACCES);
    EXPECT_EQ(May(asking, "", file), -ENOENT);
    EXPECT_EQ(May(asking, "", 1000, AT_EMPTY_PATH), -EBADF);
    EXPECT_EQ(May(asking, "i", 1000), -EBADF);
    EXPECT_EQ(May(asking, "i", file), -ENOTDIR);
  }
  for (const int fd : {folder, file, readable}) close(fd);
}

// The effective ids count, not the real ones.
TEST_F(Permission, OfTheEffectiveIds) {
  constexpr int kUser = 12345;
  if (geteuid() != 0) GTEST_SKIP() << "root only";
  ASSERT_EQ(chmod(directory_.path().c_str(), 0755), 0);
  ASSERT_EQ(chown((directory_ / "i").c_str(), kUser, kUser), 0);
  ASSERT_EQ(chmod((directory_ / "i").c_str(), 0700), 0);
  for (const auto& [real, effective, answer] : {std::tuple{kUser, kUser, 0},
                                                {kUser + 1, kUser, 0},
                                                {kUser, kUser + 1, -EACCES},
                                                {0, kUser, 0},
                                                {0, kUser + 1, -EACCES},
                                                {kUser + 1, 0, 0}}) {
    CheckInChild([&] {
      ASSERT_EQ(syscall(SYS_setgroups, 0, nullptr), 0);
      ASSERT_EQ(syscall(SYS_setresuid, real, effective, 0), 0);
      for (const Asking asking : kWays) {
        EXPECT_EQ(May(asking, directory_ / "i"), answer) << real << " as " << effective;
      }
    });
  }
}

TEST_F(Permission, OfTheMount) {
  if (geteuid() != 0) GTEST_SKIP() << "root only";
  CheckInChild([&] {
    const char* const path = directory_.path().c_str();
    ASSERT_EQ(unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    ASSERT_EQ(mount(path, path, nullptr, MS_BIND, nullptr), 0);
    for (const Asking asking : kWays) EXPECT_EQ(May(asking, directory_ / "i"), 0);
    ASSERT_EQ(mount("none", path, nullptr, MS_BIND | MS_REMOUNT | MS_NOEXEC, nullptr), 0);
    for (const Asking asking : kWays) EXPECT_EQ(May(asking, directory_ / "i"), -EACCES);
  });
}

// By its owner's lease where the kernel cannot be asked.
TEST_F(Permission, OfAFileThatIsBeingWritten) {
  const std::string path = directory_ / "written";
  WriteFile(path, "#!/bin/sh\n", 0755);
  const int descriptors = OpenDescriptors();
  for (const int flags : {O_WRONLY, O_RDWR}) {
    const int writer = open(path.c_str(), flags | O_CLOEXEC);
    ASSERT_GE(writer, 0);
    for (const Asking asking : kWays) EXPECT_EQ(May(asking, path), -ETXTBSY);
    close(writer);
    for (const Asking asking : kWays) EXPECT_EQ(May(asking, path), 0);
  }
  EXPECT_EQ(OpenDescriptors(), descriptors);
}

// The kernel says so itself where it can be asked; the mark does where it cannot.
TEST_F(Permission, UnderLandlock) {
  CheckInChild([&] {
    const landlock_ruleset_attr rules{LANDLOCK_ACCESS_FS_EXECUTE};
    const long set = syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0);
    ASSERT_GE(set, 0);
    ASSERT_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    EXPECT_FALSE(IsMarked(HostCallOf, Mark::kRestricted));
    ASSERT_EQ(SetMark(HostCallOf, Mark::kRestricted), 0);
    EXPECT_TRUE(IsMarked(HostCallOf, Mark::kRestricted));
    EXPECT_FALSE(IsMarked(HostCallOf, Mark::kReadLink));
    EXPECT_EQ(May(Asking::kByCheck, directory_ / "i"), 0);
    EXPECT_EQ(May(Asking::kByPermission, directory_ / "i"), -EACCES);
    ASSERT_EQ(syscall(SYS_landlock_restrict_self, set, 0), 0);
    for (const Asking asking : kWays) EXPECT_EQ(May(asking, directory_ / "i"), -EACCES);
    CheckInChild([] { EXPECT_TRUE(IsMarked(HostCallOf, Mark::kRestricted)); });
  });
}

}  // namespace
}  // namespace abishim::test

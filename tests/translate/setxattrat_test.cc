#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tests/support/attributes.h"
#include "tests/support/check_in_child.h"

namespace abishim::test {
namespace {

long Ours(const Args& args) { return Translated(translate::setxattrat, args); }

TEST(Setxattrat, AgreesWithTheKernel) {
  const AttributeTree native, ours;
  static const std::string large(70000, 'v');
  Shares shares("setxattrat");
  const int before = OpenDescriptors();
  for (int i = 0; i < 3000; ++i) {
    const auto rarely = [] { return RandomInt(0, 24) == 0; };
    const AttributePlace place;
    const Word name = RandomAttribute();
    const std::string text = "value " + std::to_string(i);
    Attribute attribute{Address(text.c_str()), static_cast<unsigned>(RandomInt(0, 7)), 0, 0};
    if (RandomInt(0, 5) == 0) attribute.flags = RandomOf({XATTR_CREATE, XATTR_REPLACE});
    if (rarely()) attribute.flags = RandomOf({3, 4, -1});
    if (rarely()) attribute.value = RandomOf({Word{0}, BadPointer(), KernelPointer()});
    if (rarely()) {
      attribute.value = Address(large.data());
      attribute.size = RandomOf({3000u, 65536u, 65537u, ~0u});
    }
    if (rarely()) attribute.later = 1;
    Word size = RandomOf<Word>({16, 16, 16, 24});
    if (rarely()) size = RandomOf<Word>({0, 15, 17, 4096, 4097, ~Word{0}, Word{1} << 32});
    Word with = Address(&attribute);
    AtPageEnd end(16);
    memcpy(end.data(), &attribute, 16);
    if (rarely()) with = RandomOf({Word{0}, BadPointer(), KernelPointer(), Address(end.data())});
    const auto call = [&](bool natively) {
      return place.In(natively ? native : ours, [&](Word dirfd, Word path, Word flags) {
        const Args args = Make(dirfd, path, flags, name, with, size);
        return natively ? Native<"setxattrat">(args) : Ours(args);
      });
    };
    const long expected = call(true);
    shares.Count(expected);
    ASSERT_EQ(ErrnoName(call(false)), ErrnoName(expected))
        << place.Text() << " size " << size << " flags " << attribute.flags << " bytes "
        << attribute.size;
    if (i % 10 == 0) {
      ASSERT_EQ(ours.All(), native.All()) << place.Text();
    }
  }
  EXPECT_EQ(ours.All(), native.All());
  EXPECT_EQ(OpenDescriptors(), before);
}

// Two mistakes at once: the kernel's order.
TEST(Setxattrat, OrderOfErrors) {
  const AttributeTree tree;
  Attribute attribute{BadPointer(), 70000, 4, 0};
  const auto both = [&](const Args& args, long expected) {
    EXPECT_EQ(ErrnoName(Native<"setxattrat">(args)), ErrnoName(expected));
    EXPECT_EQ(ErrnoName(Ours(args)), ErrnoName(expected));
  };
  const Word missing = Address("missing"), with = Address(&attribute);
  attribute.later = 1;
  both(Make(tree.fd(), missing, 1, Address(""), with, 24), -E2BIG);
  attribute.later = 0;
  both(Make(tree.fd(), missing, 0, Address(""), with, 16), -EINVAL);
  attribute.flags = 0;
  both(Make(tree.fd(), missing, 0, Address(""), with, 16), -ERANGE);
  both(Make(tree.fd(), missing, 0, Address("user.x"), with, 16), -E2BIG);
  attribute.size = 7;
  both(Make(tree.fd(), missing, 0, Address("user.x"), with, 16), -EFAULT);
  attribute.size = 0;
  both(Make(tree.fd(), missing, 0, Address("user.x"), with, 16), -ENOENT);
}

long SetSome(const AttributeTree& tree, int flags = AT_SYMLINK_NOFOLLOW) {
  Attribute attribute{Address("some"), 4, 0, 0};
  return Ours(
      Make(tree.fd(), Address("file"), flags, Address("user.some"), Address(&attribute), 16));
}
void ExpectSome(const AttributeTree& tree) {
  EXPECT_EQ(SetSome(tree), 0);
  EXPECT_EQ(SetSome(tree, 0), 0);
  EXPECT_NE(tree.All().find("user.some=some"), std::string::npos);
}

TEST(Setxattrat, WithoutLeaderOrWithOwnFileTable) {
  const AttributeTree leaderless, own;
  WithoutLeader([&] { ExpectSome(leaderless); });
  WithOwnFileTable([&] { ExpectSome(own); });
}

TEST(Setxattrat, DescriptorZeroFreeAndLockKept) {
  const AttributeTree tree;
  const std::string path = tree / "file";
  CheckInChild([&] {
    const int locked = OpenLocked(path.c_str());
    ASSERT_TRUE(IsLocked(path.c_str()));
    close(0);
    ExpectSome(tree);
    EXPECT_EQ(fcntl(0, F_GETFD), -1) << "descriptor 0 was left open";
    EXPECT_TRUE(IsLocked(path.c_str()));
    close(locked);
  });
}

TEST(Setxattrat, WithoutAFreeDescriptor) {
  const AttributeTree tree;
  const std::string before = tree.All();
  CheckInChild([&] {
    const rlimit none{0, 0};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    EXPECT_EQ(SetSome(tree), -ENOSYS);
    // From the working directory, or by a whole path, none is needed.
    Attribute attribute{0, 0, 0, 0};
    const std::string path = tree / "missing";
    EXPECT_EQ(
        Ours(Make(AT_FDCWD, Address("missing"), 0, Address("user.x"), Address(&attribute), 16)),
        -ENOENT);
    EXPECT_EQ(Ours(Make(-1, Address(path.c_str()), 0, Address("user.x"), Address(&attribute), 16)),
              -ENOENT);
  });
  EXPECT_EQ(tree.All(), before);
}

TEST(Setxattrat, WithoutProcOrOnAReadOnlyMount) {
  const AttributeTree tree;
  const std::string before = tree.All(), top = tree / ".";
  CheckInChild([&] {
    ASSERT_EQ(unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    ASSERT_EQ(mount(top.c_str(), top.c_str(), nullptr, MS_BIND, nullptr), 0);
    ASSERT_EQ(mount(nullptr, top.c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr), 0);
    const int fresh = open(top.c_str(), O_RDONLY | O_DIRECTORY);
    ASSERT_EQ(dup2(fresh, tree.fd()), tree.fd());
    EXPECT_EQ(SetSome(tree), -EROFS);
    ASSERT_EQ(mount("none", "/proc", "tmpfs", 0, nullptr), 0);
    EXPECT_EQ(SetSome(tree), -ENOSYS);
  });
  EXPECT_EQ(tree.All(), before);
}

}  // namespace
}  // namespace abishim::test

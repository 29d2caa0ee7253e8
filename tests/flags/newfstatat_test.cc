// AT_EMPTY_PATH and AT_NO_AUTOMOUNT: beside the kernel's own.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tables/flags.h"
#include "tests/support/oracle.h"

namespace abishim::test {
namespace {

constexpr Version kHost{2, 6, 32};

TEST(Newfstatat, FlagsAgreeWithTheKernel) {
  const TempDir dir;
  ASSERT_EQ(symlink("file", (dir / "link").c_str()), 0);
  close(open((dir / "file").c_str(), O_CREAT | O_CLOEXEC, 0640));
  const int directory = open(dir.path().c_str(), O_RDONLY | O_CLOEXEC);
  const int file = open((dir / "file").c_str(), O_RDONLY | O_CLOEXEC);
  const int link = open((dir / "link").c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC);
  Shares shares("newfstatat with flags of 2.6.38 and .39");
  for (int i = 0; i < 4000; ++i) {
    const auto rarely = [] { return RandomInt(0, 14) == 0; };
    int flags =
        RandomOf({AT_EMPTY_PATH, AT_EMPTY_PATH, AT_NO_AUTOMOUNT, AT_EMPTY_PATH | AT_NO_AUTOMOUNT});
    if (RandomInt(0, 2) == 0) flags |= AT_SYMLINK_NOFOLLOW;
    if (rarely()) flags |= RandomOf({0x200, 0x2000, 0x4000, 0x6000, 0x40000, 1 << 30});
    const Word fd = Dirty(RandomOf({directory, directory, file, link, AT_FDCWD, 999, -1}));
    Word path = Address(RandomOf({"", "", "file", "link", "none", "/", "link/x"}));
    if (rarely()) path = RandomOf({Word{0}, BadPointer(), KernelPointer()});
    struct stat native, ours;
    memset(&native, 0, sizeof(native));
    memset(&ours, 0, sizeof(ours));
    const bool bad_buffer = rarely();
    const auto arguments = [&](struct stat* to) {
      return Make(fd, path, bad_buffer ? ReadOnlyPointer() : Address(to), Dirty(flags));
    };
    const long expected = Native<"newfstatat">(arguments(&native));
    shares.Count(expected);
    EXPECT_EQ(TranslatedFlag(flags::newfstatat, arguments(&ours), kHost), expected)
        << std::hex << flags << " " << static_cast<int>(fd) << " " << path;
    EXPECT_EQ(memcmp(&native, &ours, sizeof(native)), 0);
  }
  for (const int fd : {directory, file, link}) close(fd);
}

}  // namespace
}  // namespace abishim::test

#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/check_in_child.h"
#include "tests/support/oracle.h"

namespace abishim::test {
namespace {

struct Ustat {
  int free_blocks;
  unsigned long free_inodes;
  char name[6], pack[6];
};

unsigned long DeviceOf(const std::string& path) {
  struct stat is;
  return stat(path.c_str(), &is) == 0 ? is.st_dev : 0;
}

// What is mounted over is in nobody's sight: `loses`.
std::vector<unsigned long> Mounted() {
  std::set<unsigned long> all;
  std::ifstream file("/proc/self/mountinfo");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    unsigned id, parent, major, minor;
    char colon;
    std::string root, path;
    words >> id >> parent >> major >> colon >> minor >> root >> path;
    if (DeviceOf(path) == makedev(major, minor)) all.insert(makedev(major, minor));
  }
  return {all.begin(), all.end()};
}

// What is free changes while others write: the kernel is asked before and after.
void Compare(unsigned long dev, Shares* shares) {
  Ustat before, ours, after;
  memset(&ours, 'x', sizeof(ours));
  long native, translated;
  for (int tries = 0; tries < 50; ++tries) {
    memset(&before, 'x', sizeof(before));
    memset(&after, 'x', sizeof(after));
    native = Native<"ustat">(Make(dev, Address(&before)));
    translated = Translated(translate::ustat, Make(dev, Address(&ours)));
    Native<"ustat">(Make(dev, Address(&after)));
    if (memcmp(&before, &after, sizeof(before)) == 0) break;
  }
  if (shares != nullptr) shares->Count(native);
  ASSERT_EQ(translated, native) << std::hex << dev;
  EXPECT_EQ(memcmp(&before, &ours, sizeof(ours)), 0) << std::hex << dev;
}

TEST(Ustat, AgreesWithTheKernel) {
  const std::vector<unsigned long> mounted = Mounted();
  ASSERT_FALSE(mounted.empty());
  const int descriptors = OpenDescriptors();
  Shares shares("ustat");
  for (int i = 0; i < 600; ++i) {
    const unsigned long device = mounted[RandomInt(0, mounted.size() - 1)];
    // Of a device that is mounted nowhere: `loses`. 4095:77 is none at all.
    Compare(RandomOf({device, device, device | 0xbadc0ded00000000, makedev(4095, 77)}), &shares);
  }
  EXPECT_EQ(OpenDescriptors(), descriptors);
}

TEST(Ustat, BadPointers) {
  const unsigned long dev = DeviceOf("/");
  for (const Word to : {Word{0}, BadPointer(), ReadOnlyPointer(), KernelPointer()}) {
    EXPECT_EQ(Translated(translate::ustat, Make(dev, to)), Native<"ustat">(Make(dev, to)));
    const unsigned long none = makedev(4095, 77);
    EXPECT_EQ(Translated(translate::ustat, Make(none, to)), Native<"ustat">(Make(none, to)));
  }
}

// A name with blanks and the like, one that is mounted over, and a big minor number.
TEST(Ustat, OddMounts) {
  TempDir folder;
  CheckInChild([&] {
    ASSERT_EQ(unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    const std::string odd = folder / "a b\tc\\d\ne", plain = folder / "plain";
    for (const std::string& path : {odd, plain}) {
      ASSERT_EQ(mkdir(path.c_str(), 0700), 0);
      ASSERT_EQ(mount("none", path.c_str(), "tmpfs", 0, "size=1m"), 0);
      std::ofstream(path + "/file") << path;
    }
    Compare(DeviceOf(odd), nullptr);
    const unsigned long below = DeviceOf(plain);
    ASSERT_EQ(mount("none", plain.c_str(), "tmpfs", 0, "size=2m"), 0);
    Compare(DeviceOf(plain), nullptr);
    // What lies below it no path leads to: `loses`.
    Ustat ours;
    EXPECT_EQ(Native<"ustat">(Make(below, Address(&ours))), 0);
    EXPECT_EQ(Translated(translate::ustat, Make(below, Address(&ours))), -EINVAL);
  });
}

TEST(Ustat, WithoutALeader) {
  const unsigned long dev = DeviceOf("/proc");
  WithoutLeader([&] { Compare(dev, nullptr); });
}

}  // namespace
}  // namespace abishim::test

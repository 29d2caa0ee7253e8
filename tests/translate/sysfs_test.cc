#include <string.h>

#include <string>
#include <vector>

#include "tests/support/oracle.h"

namespace abishim::test {
namespace {

std::vector<std::string> Names() {
  std::vector<std::string> names;
  char name[64];
  while (Native<"sysfs">(Make(2, names.size(), Address(name))) == 0) names.emplace_back(name);
  return names;
}

TEST(Sysfs, AgreesWithTheKernel) {
  const std::vector<std::string> names = Names();
  ASSERT_GT(names.size(), 5u);
  const int before = OpenDescriptors();
  Shares shares("sysfs");
  for (int i = 0; i < 3000; ++i) {
    char native[64], ours[64];
    memset(native, 'x', sizeof(native));
    memset(ours, 'x', sizeof(ours));
    std::string name =
        RandomOf({std::string("nosuchfs"), std::string(""), std::string("ext"),
                  names[RandomInt(0, names.size() - 1)], names[RandomInt(0, names.size() - 1)],
                  names[RandomInt(0, names.size() - 1)] + "\t"});
    const Word odd = RandomOf({Word{0}, BadPointer(), ReadOnlyPointer(), KernelPointer()});
    const bool is_odd = RandomInt(0, 9) == 0;
    Args args, mine;
    switch (const int option = RandomOf({1, 1, 2, 2, 2, 3, 0, 4, -1})) {
      case 1:
        args = mine = Make(Dirty(1), is_odd ? odd : Address(name.data()));
        break;
      case 2: {
        const int index = RandomInt(-2, names.size() + 1);
        args = Make(Dirty(2), Dirty(index), is_odd ? odd : Address(native));
        mine = Make(Dirty(2), Dirty(index), is_odd ? odd : Address(ours));
        break;
      }
      default:
        args = mine = Make(Dirty(option), 1, 2);
    }
    const long expected = Native<"sysfs">(args);
    shares.Count(expected);
    ASSERT_EQ(Translated(translate::sysfs, mine), expected) << args.Int(0) << " " << name;
    ASSERT_EQ(memcmp(native, ours, sizeof(native)), 0);
  }
  EXPECT_EQ(OpenDescriptors(), before);
}

TEST(Sysfs, NamesAsLongAsPaths) {
  std::string name(4095, 'x');
  for (int extra = 0; extra < 3; ++extra, name += 'x') {
    const Args args = Make(1, Address(name.data()));
    EXPECT_EQ(Translated(translate::sysfs, args), Native<"sysfs">(args)) << name.size();
  }
  AtPageEnd unfinished(16);
  memset(unfinished.data(), 'x', 16);
  const Args args = Make(1, Address(unfinished.data()));
  EXPECT_EQ(Native<"sysfs">(args), -EFAULT);
  EXPECT_EQ(Translated(translate::sysfs, args), -EFAULT);
}

}  // namespace
}  // namespace abishim::test

#include <string.h>

#include "tests/support/attributes.h"

namespace abishim::test {
namespace {

TEST(Getxattrat, AgreesWithTheKernel) {
  const AttributeTree tree;
  const std::string all = tree.All();
  Shares shares("getxattrat");
  const int before = OpenDescriptors();
  for (int i = 0; i < 3000; ++i) {
    const auto rarely = [] { return RandomInt(0, 24) == 0; };
    const AttributePlace place;
    const Word name = RandomAttribute();
    Attribute attribute{0, static_cast<unsigned>(RandomInt(0, 15)), 0, 0};
    if (rarely()) attribute.size = RandomOf({65536u, 65537u, ~0u});
    if (rarely()) attribute.flags = RandomOf({1, 2, -1});
    if (rarely()) attribute.later = 1;
    const Word odd = rarely() ? RandomOf({BadPointer(), ReadOnlyPointer(), KernelPointer()}) : 0;
    Word size = RandomOf<Word>({16, 16, 16, 24});
    if (rarely()) size = RandomOf<Word>({0, 15, 17, 4096, 4097, ~Word{0}});
    const Word bad = rarely() ? RandomOf({BadPointer(), KernelPointer()}) : 0;
    char value[2][64];
    const auto call = [&](bool natively) {
      memset(value[natively], 'x', 64);
      attribute.value = odd != 0 ? odd : Address(value[natively]);
      return place.In(tree, [&](Word dirfd, Word path, Word flags) {
        const Word with = bad != 0 ? bad : Address(&attribute);
        const Args args = Make(dirfd, path, flags, name, with, size);
        return natively ? Native<"getxattrat">(args) : Translated(translate::getxattrat, args);
      });
    };
    const long expected = call(true);
    shares.Count(expected);
    ASSERT_EQ(ErrnoName(call(false)), ErrnoName(expected))
        << place.Text() << " size " << size << " flags " << attribute.flags << " bytes "
        << attribute.size;
    ASSERT_EQ(memcmp(value[0], value[1], 64), 0);
  }
  EXPECT_EQ(OpenDescriptors(), before);
  EXPECT_EQ(tree.All(), all);
}

}  // namespace
}  // namespace abishim::test

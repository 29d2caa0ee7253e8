#include <string.h>

#include "tests/support/attributes.h"

namespace abishim::test {
namespace {

TEST(Listxattrat, AgreesWithTheKernel) {
  const AttributeTree tree;
  Shares shares("listxattrat");
  const int before = OpenDescriptors();
  for (int i = 0; i < 3000; ++i) {
    const auto rarely = [] { return RandomInt(0, 24) == 0; };
    const AttributePlace place;
    Word size = RandomOf<Word>({0, 200, 200, 200});
    if (rarely()) size = RandomOf<Word>({1, 12, 65536, 65537, ~Word{0}});
    const Word odd = rarely() ? RandomOf({BadPointer(), ReadOnlyPointer(), KernelPointer()}) : 0;
    char list[2][200];
    const auto call = [&](bool natively) {
      memset(list[natively], 'x', 200);
      return place.In(tree, [&](Word dirfd, Word path, Word flags) {
        const Args args = Make(dirfd, path, flags, odd != 0 ? odd : Address(list[natively]), size);
        return natively ? Native<"listxattrat">(args) : Translated(translate::listxattrat, args);
      });
    };
    const long expected = call(true);
    shares.Count(expected);
    ASSERT_EQ(ErrnoName(call(false)), ErrnoName(expected)) << place.Text() << " size " << size;
    ASSERT_EQ(memcmp(list[0], list[1], 200), 0);
  }
  EXPECT_EQ(OpenDescriptors(), before);
}

}  // namespace
}  // namespace abishim::test

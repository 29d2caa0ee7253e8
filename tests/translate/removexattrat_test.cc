#include <sys/xattr.h>

#include "tests/support/attributes.h"

namespace abishim::test {
namespace {

// What was removed is there again for the next round.
void Refill(const AttributeTree& tree) {
  for (const char* file : {"file", "dir", "dir/file", "to_file", "fifo", "."}) {
    const std::string path = tree / file;
    EXPECT_EQ(lsetxattr(path.c_str(), "trusted.one", "1", 1, 0), 0);
  }
}

TEST(Removexattrat, AgreesWithTheKernel) {
  const AttributeTree native, ours;
  Shares shares("removexattrat");
  const int before = OpenDescriptors();
  for (int i = 0; i < 3000; ++i) {
    const AttributePlace place;
    const Word name = RandomAttribute();
    Refill(native);
    Refill(ours);
    const auto call = [&](bool natively) {
      return place.In(natively ? native : ours, [&](Word dirfd, Word path, Word flags) {
        const Args args = Make(dirfd, path, flags, name);
        return natively ? Native<"removexattrat">(args)
                        : Translated(translate::removexattrat, args);
      });
    };
    const long expected = call(true);
    shares.Count(expected);
    ASSERT_EQ(ErrnoName(call(false)), ErrnoName(expected)) << place.Text();
    ASSERT_EQ(ours.All(), native.All()) << place.Text();
  }
  EXPECT_EQ(OpenDescriptors(), before);
}

}  // namespace
}  // namespace abishim::test

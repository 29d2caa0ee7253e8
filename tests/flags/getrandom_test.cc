// GRND_INSECURE on a host that has getrandom(2) without it.
#include <errno.h>
#include <string.h>

#include "tables/flags.h"
#include "tests/support/oracle.h"

namespace abishim::test {
namespace {

TEST(Getrandom, InsecureAgreesWithTheKernel) {
  Shares shares("getrandom with GRND_INSECURE");
  const AtPageEnd buffer(600);
  for (int i = 0; i < 1000; ++i) {
    const unsigned flags = 4 | RandomOf({0u, 0u, 0u, 1u, 1u, 2u, 8u, 0x100u});
    const Word bytes = RandomOf({0, 1, 16, 256, 600});
    const Word to = RandomInt(0, 9) == 0 ? ReadOnlyPointer() : Address(buffer.data());
    const Args args = Make(to, bytes, Dirty(static_cast<int>(flags)));
    const long expected = Native<"getrandom">(args);
    shares.Count(expected);
    EXPECT_EQ(TranslatedFlag(translate::getrandom, args, {5, 5}), expected) << flags;
  }
}

}  // namespace
}  // namespace abishim::test

#include <gtest/gtest.h>

#include "tests/support/oracle.h"
#include "tests/support/protection_keys.h"

namespace abishim::test {
namespace {

// Nothing can succeed here, so there are no shares.
TEST(PkeyFree, AgreesWithTheKernel) {
  if (HasProtectionKeys()) GTEST_SKIP() << "this CPU has protection keys";
  for (int i = 0; i < 1000; ++i) {
    const Args args =
        Make(RandomOf<Word>({0, 1, 15, 16, ~Word{0}, Word{1} << 32}) + RandomInt(0, 1),
             RandomOf<Word>({0, 1, 2, 3, 4, ~Word{0}, Word{1} << 32}));
    EXPECT_EQ(Translated(translate::pkey_free, args), Native<"pkey_free">(args))
        << args[0] << " " << args[1];
  }
}

}  // namespace
}  // namespace abishim::test

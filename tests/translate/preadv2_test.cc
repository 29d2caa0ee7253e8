#include <unistd.h>

#include "tests/support/vectors.h"

namespace abishim::test {
namespace {

constexpr int kTranslated = RWF_HIPRI | RWF_DSYNC | RWF_SYNC;

// What `loses` allows: a flag that needs a newer kernel is refused, as an older one refuses it. The
// kernel's answer to an unknown flag, in its place, shows what must come before.
// And a folder's answer to RWF_SYNC is the one it gives without: both are errors.
long WithoutNewerFlags(Args args, bool folder) {
  if (args.Int(5) & ~kTranslated) args.word[5] = Dirty(1 << 20);
  if (folder) args.word[5] &= ~Word{RWF_DSYNC | RWF_SYNC};
  return Native<"preadv2">(args);
}

TEST(Preadv2, AgreesWithTheKernel) {
  FileSet native_files, our_files;
  Shares shares("preadv2");
  for (int i = 0; i < 4000; ++i) {
    Transfer transfer;
    native_files.Feed();
    our_files.Feed();
    char native[Transfer::kBuffer] = {}, ours[Transfer::kBuffer] = {};
    const long expected =
        WithoutNewerFlags(transfer.For(native_files, native), transfer.kind == FileSet::kFolder);
    shares.Count(expected);
    ASSERT_EQ(Translated(translate::preadv2, transfer.For(our_files, ours)), expected)
        << "kind " << transfer.kind << " flags " << transfer.flags << " position "
        << transfer.position << " count " << transfer.count;
    ASSERT_EQ(memcmp(native, ours, sizeof native), 0);
    ASSERT_EQ(native_files.Seen(), our_files.Seen());
  }
}

// A read of a pipe may wait for ever: it is the program's own instruction that waits.
TEST(Preadv2, IsReexecuted) {
  FileSet files;
  char byte;
  iovec one{&byte, 1};
  for (const auto& [position, nr] : {std::pair{-1L, NumberOf("readv")}, {0L, NumberOf("preadv")}}) {
    const Result result =
        Translate(translate::preadv2,
                  Make(files[FileSet::kPipeOut], Address(&one), 1, position, 0, RWF_SYNC));
    EXPECT_TRUE(result.again);
    EXPECT_EQ(result.value, nr);
  }
}

}  // namespace
}  // namespace abishim::test

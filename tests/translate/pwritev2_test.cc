#include <sys/syscall.h>
#include <unistd.h>

#include "tests/support/vectors.h"

namespace abishim::test {
namespace {

constexpr int kTranslated = RWF_HIPRI | RWF_DSYNC | RWF_SYNC;

// See preadv2_test.cc.
long WithoutNewerFlags(Args args) {
  if (args.Int(5) & ~kTranslated) args.word[5] = Dirty(1 << 20);
  return Native<"pwritev2">(args);
}

void AgreeOn(const std::string& parent, int times) {
  FileSet native_files(parent), our_files(parent);
  Shares shares("pwritev2 below " + parent);
  for (int i = 0; i < times; ++i) {
    Transfer transfer;
    char buffer[Transfer::kBuffer];
    for (char& byte : buffer) byte = static_cast<char>(RandomInt('a', 'z'));
    const long expected = WithoutNewerFlags(transfer.For(native_files, buffer));
    shares.Count(expected);
    ASSERT_EQ(Translated(translate::pwritev2, transfer.For(our_files, buffer)), expected)
        << "kind " << transfer.kind << " flags " << transfer.flags << " position "
        << transfer.position << " count " << transfer.count;
    ASSERT_EQ(native_files.Seen(), our_files.Seen());
    for (const FileSet* files : {&native_files, &our_files}) {
      if (lseek((*files)[FileSet::kBoth], 0, SEEK_END) > 100'000) {
        ASSERT_EQ(ftruncate((*files)[FileSet::kBoth], 3000), 0);
        for (int kind : {FileSet::kBoth, FileSet::kRead, FileSet::kWrite}) {
          lseek((*files)[kind], 0, SEEK_SET);
        }
      }
    }
  }
}

TEST(Pwritev2, AgreesWithTheKernel) { AgreeOn("/dev/shm", 4000); }
// Where there is a disk below, and where writing out takes its time.
TEST(Pwritev2, AgreesOnADisk) { AgreeOn("/tmp", 200); }

// A host that only keeps a record, to see what is written out.
std::vector<long> g_calls;
long g_sync_answer;
unsigned g_mode;

long Record(long nr, long, long b, long, long, long, long) {
  g_calls.push_back(nr);
  if (nr == SYS_fstat) reinterpret_cast<arch::KernelStat*>(b)->mode = g_mode;
  if (nr == SYS_pwritev || nr == SYS_writev) return 5;
  return nr == SYS_fstat ? 0 : g_sync_answer;
}
constexpr Host kRecorder{Record, nullptr, nullptr, nullptr, nullptr, nullptr};

Result On(unsigned mode, long sync_answer, int flags, long position) {
  g_calls.clear();
  g_mode = mode;
  g_sync_answer = sync_answer;
  Kernel kernel(kRecorder);
  return translate::pwritev2(kernel, Make(3, 4096, 1, position, 0, flags));
}

TEST(Pwritev2, WritesOut) {
  using Calls = std::vector<long>;
  constexpr unsigned kFile = 0100644, kDisk = 060600, kPipe = 010600;
  EXPECT_EQ(On(kFile, 0, RWF_DSYNC, 0).value, 5);
  EXPECT_EQ(g_calls, (Calls{SYS_fstat, SYS_pwritev, SYS_fdatasync}));
  EXPECT_EQ(On(kDisk, 0, RWF_SYNC, -1).value, 5);
  EXPECT_EQ(g_calls, (Calls{SYS_fstat, SYS_writev, SYS_fsync}));
  EXPECT_EQ(On(kFile, 0, RWF_SYNC | RWF_DSYNC, 0).value, 5);
  EXPECT_EQ(g_calls, (Calls{SYS_fstat, SYS_pwritev, SYS_fsync}));
  // The error of writing out is the call's; but a file that has nothing to write out is fine.
  EXPECT_EQ(On(kFile, -EIO, RWF_DSYNC, 0).value, -EIO);
  EXPECT_EQ(On(kFile, -EINVAL, RWF_DSYNC, 0).value, 5);
  // Nothing to write out: the program's own instruction writes.
  EXPECT_TRUE(On(kPipe, 0, RWF_SYNC, -1).again);
  EXPECT_EQ(g_calls, Calls{SYS_fstat});
  EXPECT_TRUE(On(kFile, 0, RWF_HIPRI, 0).again);
  EXPECT_EQ(g_calls, Calls{});
}

}  // namespace
}  // namespace abishim::test

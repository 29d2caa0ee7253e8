#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/support/oracle.h"

namespace abishim::test {
namespace {

constexpr int kPages = 16;
constexpr Word kPage = 4096;

// Kilobytes of this process that are locked.
long Locked() {
  FILE* status = fopen("/proc/self/status", "r");
  char line[256];
  long kilobytes = -1;
  while (fgets(line, sizeof line, status)) sscanf(line, "VmLck: %ld", &kilobytes);
  fclose(status);
  return kilobytes;
}
// The kernel's: ASan makes libc's munlockall do nothing.
void UnlockAll() { ASSERT_EQ(syscall(SYS_munlockall), 0); }

class Mlock2 : public testing::Test {
 protected:
  void SetUp() override {
    map_ =
        mmap(nullptr, kPages * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(map_, MAP_FAILED);
    // A page that cannot be faulted in, and a hole.
    mprotect(static_cast<char*>(map_) + 8 * kPage, kPage, PROT_NONE);
    munmap(static_cast<char*>(map_) + 12 * kPage, kPage);
  }
  void TearDown() override { munmap(map_, kPages * kPage); }
  void* map_;
};

TEST_F(Mlock2, AgreesWithTheKernel) {
  // Only the kernel can do it: EINVAL, as from a kernel that does not know the flag.
  constexpr int kMlockOnfault = 1;
  Shares shares("mlock2");
  for (int i = 0; i < 2000; ++i) {
    const auto rarely = [] { return RandomInt(0, 15) == 0; };
    Word start = Address(map_) + RandomInt(0, 7 * 4096);
    Word length = RandomInt(0, 6 * 4096);
    if (rarely()) start = RandomOf({Word{0}, KernelPointer(), ~Word{0}, BadPointer()});
    if (rarely()) length = RandomOf({kPages * kPage, Word{1} << 63, ~Word{0}, ~Word{4095}});
    const int flags = rarely() ? RandomOf({kMlockOnfault, 2, -1, 1 << 31, 1 << 30}) : 0;
    const Args args = Make(start, length, Dirty(flags));
    long expected = Native<"mlock2">(args);
    const long locked = Locked();
    UnlockAll();
    if (flags == kMlockOnfault) expected = -EINVAL;
    shares.Count(expected);
    EXPECT_EQ(Translated(translate::mlock2, args), expected)
        << std::hex << start << " " << length << " flags " << flags;
    EXPECT_EQ(Locked(), flags == kMlockOnfault ? 0 : locked);
    UnlockAll();
  }
}

}  // namespace
}  // namespace abishim::test

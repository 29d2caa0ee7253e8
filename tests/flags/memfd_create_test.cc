// MFD_EXEC: beside the kernel's own.
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tables/flags.h"
#include "tests/support/oracle.h"

namespace abishim::test {
namespace {

constexpr Version kHost{6, 2};
constexpr unsigned kCloexec = 1, kSealing = 2, kNoexecSeal = 8, kExec = 16;

struct Seen {
  long result;
  int flags, seals;
  mode_t mode;
  bool operator==(const Seen&) const = default;
};
Seen Look(long result) {
  if (IsError(result)) return {result, 0, 0, 0};
  const int fd = static_cast<int>(result);
  struct stat stat;
  fstat(fd, &stat);
  const Seen seen{0, fcntl(fd, F_GETFD), fcntl(fd, F_GET_SEALS), stat.st_mode};
  close(fd);
  return seen;
}

TEST(MemfdCreate, ExecAgreesWithTheKernel) {
  Shares shares("memfd_create with MFD_EXEC");
  const std::string long_name(300, 'x');
  const int before = OpenDescriptors();
  for (int i = 0; i < 1000; ++i) {
    const unsigned flags = kExec | RandomOf({0u, kCloexec, kSealing, kCloexec | kSealing, kCloexec,
                                             kNoexecSeal, 0x20u, 0x80000000u});
    const Word name = RandomOf(
        {Address("name"), Address(""), Address("name"), Address(long_name.c_str()), BadPointer()});
    const Args args = Make(name, Dirty(static_cast<int>(flags)));
    const Seen native = Look(Native<"memfd_create">(args));
    const Seen ours = Look(TranslatedFlag(flags::memfd_create, args, kHost));
    shares.Count(native.result);
    EXPECT_TRUE(ours == native) << "flags " << flags << ": " << ours.result << ", natively "
                                << native.result;
  }
  EXPECT_EQ(OpenDescriptors(), before);
}

}  // namespace
}  // namespace abishim::test

// CLOSE_RANGE_CLOEXEC on a host that has close_range(2) without it.
#include <fcntl.h>
#include <unistd.h>

#include <functional>
#include <vector>

#include "tables/flags.h"
#include "tests/support/oracle.h"

namespace abishim::test {
namespace {

constexpr int kFirst = 20, kLast = 40;

// Which of the descriptors are open, and which of these close themselves at an exec.
std::string Look() {
  std::string seen;
  for (int fd = kFirst; fd <= kLast; ++fd) {
    const int flags = fcntl(fd, F_GETFD);
    seen += flags < 0 ? '-' : flags == FD_CLOEXEC ? 'c' : 'o';
  }
  return seen;
}
std::string Try(const std::vector<int>& open, const std::function<long()>& call) {
  for (int fd = kFirst; fd <= kLast; ++fd) close(fd);
  for (const int fd : open) dup2(0, fd);
  const long result = call();
  return std::to_string(result) + " " + Look();
}

TEST(CloseRange, CloexecAgreesWithTheKernel) {
  Shares shares("close_range with CLOSE_RANGE_CLOEXEC");
  for (int i = 0; i < 500; ++i) {
    std::vector<int> open;
    for (int n = RandomInt(0, 12); n > 0; --n) open.push_back(RandomInt(kFirst, kLast));
    const Word first = Dirty(RandomInt(kFirst, kLast)),
               last = Dirty(RandomInt(kFirst + 5, kLast + 5));
    const Args args = Make(first, last, Dirty(4 | RandomOf({0, 0, 0, 8, 1 << 30})));
    long result = 0;
    const std::string native = Try(open, [&] { return result = Native<"close_range">(args); });
    shares.Count(result);
    EXPECT_EQ(Try(open,
                  [&] {
                    return TranslatedFlag(translate::close_range, args, {5, 10});
                  }),
              native);
  }
  for (int fd = kFirst; fd <= kLast; ++fd) close(fd);
}

}  // namespace
}  // namespace abishim::test

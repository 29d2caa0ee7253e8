#include <sys/mman.h>
#include <unistd.h>

#include <fstream>
#include <numeric>
#include <sstream>
#include <vector>

#include "tests/support/oracle.h"
#include "tests/support/protection_keys.h"

namespace abishim::test {
namespace {

constexpr int kPages = 12;
constexpr Word kPage = 4096;

// The protections of these pages, as the kernel shows them.
// Of each page: the kernel does not always join what is alike.
std::string Protections(Word start) {
  std::ifstream maps("/proc/self/maps");
  std::vector<std::string> pages(kPages, " none");
  for (std::string line; std::getline(maps, line);) {
    size_t end = 0;
    const Word from = std::stoul(line, &end, 16),
               to = std::stoul(line.substr(end + 1), nullptr, 16);
    for (Word i = 0; i < kPages; ++i) {
      const Word at = start + i * kPage;
      if (at >= from && at < to) pages[i] = line.substr(line.find(' '), 5);
    }
  }
  return std::accumulate(pages.begin(), pages.end(), std::string());
}

class PkeyMprotect : public testing::Test {
 protected:
  void SetUp() override {
    for (Word& at : at_) {
      // Between pages of another protection, that the kernel does not join it with its neighbours.
      void* const all = mmap(nullptr, (kPages + 2) * kPage, PROT_READ | PROT_EXEC,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      at = Address(all) + kPage;
      mprotect(reinterpret_cast<void*>(at), kPages * kPage, PROT_NONE);
      munmap(reinterpret_cast<void*>(at + 5 * kPage), kPage);  // a hole
    }
  }
  void TearDown() override {
    for (const Word at : at_) {
      munmap(reinterpret_cast<void*>(at - kPage), 6 * kPage);
      munmap(reinterpret_cast<void*>(at + 6 * kPage), (kPages - 5) * kPage);
    }
  }
  Word at_[2];
};

TEST_F(PkeyMprotect, AgreesWithTheKernel) {
  if (HasProtectionKeys()) GTEST_SKIP() << "this CPU has protection keys";
  Shares shares("pkey_mprotect");
  for (int i = 0; i < 2000; ++i) {
    const auto rarely = [] { return RandomInt(0, 15) == 0; };
    const Word offset = RandomInt(0, 7) * kPage + (rarely() ? 1 : 0);
    Word length = RandomInt(0, 3 * 4096);
    if (rarely()) length = RandomOf<Word>({0, ~Word{0}, ~Word{4094}});
    const Word odd =
        rarely() ? RandomOf<Word>({0, KernelPointer() & ~(kPage - 1), ~Word{4095}}) : 1;
    Word protection = RandomOf<Word>({PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE});
    if (rarely()) protection = RandomOf<Word>({0x10, PROT_GROWSDOWN | PROT_GROWSUP, ~Word{0}, 8});
    const int key = RandomInt(0, 3) != 0 ? -1 : RandomOf<int>({0, 1, 15, 16, -2, 1 << 31});
    const auto arguments = [&](Word start) {
      return Make(odd != 1 ? odd : start + offset, length, protection, Dirty(key));
    };
    const long expected = Native<"pkey_mprotect">(arguments(at_[0]));
    shares.Count(expected);
    ASSERT_EQ(ErrnoName(Translated(translate::pkey_mprotect, arguments(at_[1]))),
              ErrnoName(expected))
        << "offset " << offset << " length " << length << " protection " << protection << " key "
        << key << " odd " << odd;
    ASSERT_EQ(Protections(at_[1]), Protections(at_[0]));
  }
}

}  // namespace
}  // namespace abishim::test

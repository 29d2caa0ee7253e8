// MAP_FIXED_NOREPLACE: beside the kernel's own, over free and taken places.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <set>

#include "tables/flags.h"
#include "tests/support/oracle.h"

namespace abishim::test {
namespace {

constexpr Version kHost{4, 16};
constexpr int kPlain = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, kWanted = MAP_FIXED_NOREPLACE;
constexpr Word kPage = 4096;

// Sixteen pages of address space that nobody else takes, of which the test maps and unmaps some.
class Field {
 public:
  Field() {
    start_ = Address(mmap(nullptr, (kPages + 2 * kAround) * kPage, PROT_NONE, kPlain, -1, 0)) +
             kAround * kPage;
  }
  ~Field() {
    munmap(reinterpret_cast<void*>(start_ - kAround * kPage), (kPages + 2 * kAround) * kPage);
  }
  Word operator[](int page) const { return start_ + static_cast<Word>(page) * kPage; }
  // Each page with a byte of its own, or free.
  void Take(const std::set<int>& pages) const {
    munmap(reinterpret_cast<void*>(start_), kPages * kPage);
    for (const int page : pages) {
      auto* at = reinterpret_cast<char*>((*this)[page]);
      mmap(at, kPage, PROT_READ | PROT_WRITE, kPlain | MAP_FIXED, -1, 0);
      *at = static_cast<char>(page + 1);
    }
  }
  // As it now is: a page's byte, 0 for a fresh one, -1 for one that is free.
  std::string Look() const {
    std::string seen;
    for (int page = 0; page < kPages; ++page) {
      unsigned char there;
      const auto at = reinterpret_cast<char*>((*this)[page]);
      seen += mincore(at, kPage, &there) != 0 ? "-" : std::to_string(*at);
      seen += ' ';
    }
    return seen;
  }
  static constexpr int kPages = 16;

 private:
  static constexpr int kAround = 16;
  Word start_;
};

// How many mappings there are: what lay elsewhere for a moment is gone.
int Mappings() {
  int lines = 0;
  FILE* file = fopen("/proc/self/maps", "r");
  for (int c; (c = fgetc(file)) != EOF;) lines += c == '\n';
  fclose(file);
  return lines;
}

struct Outcome {
  long result;
  std::string field;
};
template <class F>
Outcome Try(const Field& field, const std::set<int>& taken, const F& call) {
  field.Take(taken);
  const long result = call();
  return {result, field.Look()};
}

TEST(Mmap, NoreplaceAgreesWithTheKernel) {
  const Field field;
  const int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  Shares shares("mmap with MAP_FIXED_NOREPLACE");
  for (int i = 0; i < 4000; ++i) {
    std::set<int> taken;
    for (int n = RandomInt(0, 6); n > 0; --n) taken.insert(RandomInt(0, Field::kPages - 1));
    const auto rarely = [] { return RandomInt(0, 19) == 0; };
    Word at = field[RandomInt(0, 11)],
         bytes = RandomOf({kPage, 3 * kPage, kPage / 2, 4 * kPage - 7});
    if (rarely()) at += RandomOf({1, 8, 4095});
    if (rarely()) bytes = RandomOf({Word{0}, ~Word{0}, Word{1} << 60, Word{1} << 47});
    int flags =
        kWanted | RandomOf({kPlain, kPlain | MAP_FIXED, kPlain | MAP_32BIT, kPlain | MAP_POPULATE});
    if (rarely()) flags = kWanted | RandomOf({0, MAP_ANONYMOUS, MAP_PRIVATE | MAP_SHARED});
    Word descriptor = Dirty(-1);
    if ((flags & MAP_FIXED) == 0 && RandomInt(0, 3) == 0) {
      flags &= ~MAP_ANONYMOUS;
      descriptor = Dirty(rarely() ? 999 : fd);
    }
    const Args args = Make(at, bytes, PROT_READ, flags, descriptor, 0);
    const Outcome native = Try(field, taken, [&] { return Native<"mmap">(args); });
    const Outcome ours =
        Try(field, taken, [&] { return TranslatedFlag(flags::mmap, args, kHost); });
    shares.Count(native.result);
    // Of two errors another one may be told: nothing is mapped either way.
    const bool sound =
        (flags & MAP_TYPE) == MAP_PRIVATE && descriptor != Dirty(999) && at % 4096 == 0;
    if (sound || !IsError(native.result) || !IsError(ours.result)) {
      EXPECT_EQ(ours.result, native.result) << std::hex << at << " " << bytes << " " << flags;
    }
    EXPECT_EQ(ours.field, native.field);
  }
  close(fd);
}

// A probe of kernels: EEXIST and nothing left behind, however often.
TEST(Mmap, NoreplaceLeavesNothingBehind) {
  const Field field;
  field.Take({3});
  const Args args = Make(field[2], 3 * kPage, PROT_NONE, kPlain | kWanted, ~Word{0}, 0);
  ASSERT_EQ(Native<"mmap">(args), -EEXIST);
  const int before = Mappings();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(TranslatedFlag(flags::mmap, args, kHost), -EEXIST);
  EXPECT_EQ(Mappings(), before);
}

TEST(Mmap, NoreplaceBeyondTheEndOfAddresses) {
  for (const Word at : {0x7ffffffff000ul, 0x7fffffffe000ul, ~0ul - 4095, 1ul << 63}) {
    const Args args = Make(at, 2 * kPage, PROT_NONE, kPlain | kWanted, ~Word{0}, 0);
    ASSERT_EQ(Native<"mmap">(args), -ENOMEM) << std::hex << at;
    EXPECT_EQ(TranslatedFlag(flags::mmap, args, kHost), -ENOMEM) << std::hex << at;
  }
}

// What `loses` says: as root the kernel maps even page 0.
TEST(Mmap, NoreplaceAtLowAddressesIsRefused) {
  const Args args = Make(0, kPage, PROT_NONE, kPlain | kWanted, ~Word{0}, 0);
  EXPECT_EQ(TranslatedFlag(flags::mmap, args, kHost), -EEXIST);
}

}  // namespace
}  // namespace abishim::test

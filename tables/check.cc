// What must hold for the table, on every architecture. Compiling this file is the check.
#include <algorithm>

#include "tables/flags.h"
#include "tables/lookup.h"

namespace abishim {
namespace {

constexpr int kNumbers = 1024;  // more than any architecture has

consteval bool IsSortedByName() {
  for (unsigned long i = 1; i < std::size(kSyscalls); ++i) {
    if (kSyscalls[i - 1].name >= kSyscalls[i].name) return false;
  }
  return true;
}

// An array indexed by number, as comparing all pairs takes more steps than compilers allow.
consteval bool NoNumberTwice(int (Numbers::*on)() const) {
  bool taken[kNumbers] = {};
  for (const Row& row : kSyscalls) {
    const int nr = (row.nr.*on)();
    if (nr == kNone) continue;
    if (nr < 0 || nr >= kNumbers || taken[nr]) return false;
    taken[nr] = true;
  }
  return true;
}

// From 424 up a call has one number everywhere, and no call of one architecture is in between.
consteval bool OneNumberFrom424() {
  for (const Row& row : kSyscalls) {
    const Numbers& nr = row.nr;
    const int highest = std::max({nr.OnX86_64(), nr.OnI386(), nr.OnAarch64(), nr.OnRiscv64()});
    if (highest < 424) continue;
    if (nr.OnX86_64() != highest || nr.OnI386() != highest || nr.OnAarch64() != highest ||
        nr.OnRiscv64() != highest) {
      return false;
    }
  }
  return true;
}

consteval bool HasANumber() {
  for (const Row& row : kSyscalls) {
    const Numbers& nr = row.nr;
    if (nr.OnX86_64() == kNone && nr.OnI386() == kNone && nr.OnAarch64() == kNone &&
        nr.OnRiscv64() == kNone) {
      return false;
    }
  }
  return true;
}

// What a class promises stands in the row, and nothing else.
consteval bool ClassesAreExplained() {
  for (const Row& row : kSyscalls) {
    if (row.when_missing != nullptr && row.cls == Class::kNone) return false;
    if ((row.cls == Class::kExact || row.cls == Class::kPartial) && row.when_missing == nullptr) {
      return false;
    }
    if ((row.cls == Class::kPartial) == row.loses.empty()) return false;
    if ((row.cls == Class::kRefuse) == row.reason.empty()) return false;
    if ((row.big_stack || row.patch || row.host_may_lie || row.minor) &&
        row.when_missing == nullptr) {
      return false;
    }
  }
  return true;
}

consteval bool ArgumentsFit() {
  for (const Row& row : kSyscalls) {
    if (row.args < 0 || row.args > 6) return false;
  }
  return true;
}

// By call, then by name.
consteval bool FlagsAreSorted() {
  for (unsigned long i = 1; i < std::size(kFlags); ++i) {
    const Flag &before = kFlags[i - 1], &flag = kFlags[i];
    if (before.call > flag.call) return false;
    if (before.call == flag.call && before.name >= flag.name) return false;
  }
  return true;
}

consteval bool FlagsAreOfACall() {
  for (const Flag& flag : kFlags) {
    const Row* row = FindRow(flag.call);
    const Use& use = flag.use;
    if (row == nullptr || use.argument >= row->args || use.mask == 0) return false;
    if ((use.value & ~use.mask) != 0 || flag.older < 0) return false;
    // Our filter and the tracer look at one argument.
    const bool by_one = flag.when_missing != nullptr || flag.older == kIgnored;
    if (use.level >= 0 && by_one) return false;
  }
  return true;
}

consteval bool FlagsAreExplained() {
  for (const Flag& flag : kFlags) {
    if (flag.cls == Class::kNone) return false;
    if ((flag.cls == Class::kRefuse) == (flag.when_missing != nullptr)) return false;
    if ((flag.cls == Class::kPartial) == flag.loses.empty()) return false;
    if ((flag.cls == Class::kRefuse) == flag.reason.empty()) return false;
    for (const Flag& other : kFlags) {
      const bool both = other.when_missing != nullptr && flag.when_missing != nullptr;
      if (both && other.call == flag.call && other.when_missing != flag.when_missing) return false;
    }
  }
  return true;
}

// A host that lacks a flag lacks a call, so that flags need not be asked for where no call does.
consteval bool FlagsAreOlderThanSomeCall() {
  Version newest{};
  for (const Row& row : kSyscalls) {
    if (row.when_missing != nullptr && !row.minor) newest = std::max(newest, row.since);
  }
  for (const Flag& flag : kFlags) {
    if (flag.when_missing != nullptr && flag.since >= newest) return false;
  }
  return true;
}

static_assert(IsSortedByName());
static_assert(NoNumberTwice(&Numbers::OnX86_64));
static_assert(NoNumberTwice(&Numbers::OnI386));
static_assert(NoNumberTwice(&Numbers::OnAarch64));
static_assert(NoNumberTwice(&Numbers::OnRiscv64));
static_assert(OneNumberFrom424());
static_assert(HasANumber());
static_assert(ClassesAreExplained());
static_assert(ArgumentsFit());
static_assert(FlagsAreSorted());
static_assert(FlagsAreOfACall());
static_assert(FlagsAreExplained());
static_assert(FlagsAreOlderThanSomeCall());

}  // namespace
}  // namespace abishim

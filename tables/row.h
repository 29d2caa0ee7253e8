// One row of the table of system calls: everything abishim knows about a call.
#pragma once

#include <compare>
#include <string_view>

#include "tables/result.h"

namespace abishim {

class Kernel;
using Translation = Result(Kernel&, const Args&);

struct Version {
  int major = 0, minor = 0, patch = 0;
  constexpr auto operator<=>(const Version&) const = default;
};
inline constexpr Version kAlways{};       // as old as the architecture's own first kernel
inline constexpr Version kNever{999, 0};  // the number is reserved, no kernel ever implemented it

inline constexpr int kNone = -1;       // the architecture has no such call
inline constexpr int kAsGeneric = -2;  // riscv64 takes nearly every number from the generic table

struct Numbers {
  int x86_64 = kNone;
  int i386 = kNone;
  int generic = kNone;  // aarch64, riscv64
  int riscv64 = kAsGeneric;

  constexpr int OnX86_64() const { return x86_64; }
  constexpr int OnI386() const { return i386; }
  constexpr int OnAarch64() const { return generic; }
  constexpr int OnRiscv64() const { return riscv64 == kAsGeneric ? generic : riscv64; }
};
// From 424 up a new call has the same number on every architecture.
constexpr Numbers Everywhere(int nr) { return {.x86_64 = nr, .i386 = nr, .generic = nr}; }

// `since` where an architecture got the call later than the others (or never implemented it).
struct Later {
  Version x86_64 = {}, i386 = {}, aarch64 = {}, riscv64 = {};
};

enum class Class : unsigned char {
  kNone,     // nothing to say: as old as anything, or its turn has not come
  kExact,    // indistinguishable by return value, errno and effect
  kPartial,  // right, but loses something: see `loses`
  kRefuse,   // cannot be done faithfully: see `reason`
};

// Whose answer an EPERM is when some seccomp filter is in force.
enum class Denied : unsigned char {
  kOnPurpose,  // the profile's, meant so, or the kernel's own: the truth
  kByAge,      // a profile older than the call denies what it has never heard of
};

struct Row {
  std::string_view name;
  Numbers nr;
  Version since = kAlways;
  Version removed = {};  // first version that always answers ENOSYS; kNever: never implemented
  int args = 0;
  Later later = {};
  Class cls = Class::kNone;
  Denied denied = Denied::kOnPurpose;
  Translation* when_missing = nullptr;
  bool patch = false;            // may be made without a trap: nothing in it ever sleeps
  bool big_stack = false;        // needs more than a few hundred bytes: runs on a pooled stack
  bool host_may_lie = false;     // the call may exist and still answer ENOSYS at run time
  bool minor = false;            // callers do without: no reason to translate anything
  bool older = false;            // called by old user spaces only, and planned for those only
  std::string_view loses = {};   // kPartial: what is lost, in one sentence a user understands
  std::string_view reason = {};  // kRefuse: why, in one sentence a user understands
};

}  // namespace abishim

// The plan as a seccomp filter.
#pragma once

#include "shim/plan/bpf.h"
#include "shim/plan/plan.h"
#include "tables/result.h"

namespace abishim {

// SECCOMP_RET_DATA of our traps, and so si_errno in the handler: cookie | flags. Another value is
// the trap of some filter of the program's own.
inline constexpr unsigned kCookie = 0xab20;
inline constexpr unsigned kTrapFlags = 0x1f;
inline constexpr unsigned kTrapHostHas = 1;  // the host has the call: try it first
inline constexpr unsigned kTrapRepair = 2;   // answer ENOSYS and count it (count_repairs)
inline constexpr unsigned kTrapControl = 4;  // a control (shim/signals), not a translation
inline constexpr unsigned kTrapRefused = 8;  // refused by a filter of the program's (shim/sandbox)
inline constexpr unsigned kTrapFlag = 16;    // the host has the call, but not one of its flags

// In the upper half of the flags of open(2) and openat(2), at which the kernel does not look: where
// --uname is in force, the handler has seen that the file is none that tells the release.
inline constexpr Word kOpensAnother = Word{0xab15ab15} << 32;

// Where the image lies. All zero for a plan that does not translate.
struct Layout {
  Word base = 0;         // page-aligned, below 4 GiB
  Word gate = 0;         // a page; the kernel shows the address *behind* the syscall instruction
  Word left = 0;         // in it, behind the rt_sigreturn that is not made; 0: none
  Word masks = 0;        // the mask pages, aligned to their size
  Word masks_bytes = 0;  // a power of two
};

struct FilterOptions {
  bool count_repairs = false;  // --stats: REPAIR rows trap too, where the plan translates
  unsigned exec = 0;           // Presence::exec
  unsigned mode = 0;           // Presence::mode
  bool bare = false;           // no filter stood before ours: the program may see that
  bool never_older = false;    // ABISHIM_OLDER=0
  bool older = false;          // the user space is an old one
  bool loads = false;          // programs go by the loader, which answers for /proc/self/exe
};

// Writes the filter for a plan that is not empty. False: it did not fit (a test sees to it that
// the largest plan does).
[[nodiscard]] bool BuildFilter(const Plan& plan, const Layout& layout, const FilterOptions& options,
                               bpf::Program* program);

}  // namespace abishim

// Signal masks without the signals that must stay open, at addresses that stay valid, for calls
// that are re-executed.
#pragma once

#include "registers.h"
#include "shim/start/settings.h"
#include "tables/result.h"

namespace abishim::signals {

inline constexpr int kSigsys = 31, kSigsegv = 11, kSigbus = 7;
constexpr Word Bit(int signal) { return Word{1} << (signal - 1); }
// What a copy of program memory may end in. An object: calls take its address.
inline constexpr Word kFaults = Bit(kSigsegv) | Bit(kSigbus);
// asm/signal.h, asm-generic/signal.h; that header and libstdc++'s do not go together.
inline constexpr Word kSaSiginfo = 4, kSaRestorer = 0x04000000, kSaOnstack = 0x08000000,
                      kSaNodefer = 0x40000000, kSaResethand = 0x80000000;
inline constexpr int kSigBlock = 0, kSigUnblock = 1, kSigSetmask = 2;

// The signals that are blocked in the program's view only, never in truth: a trapped call would
// kill, and, where we answer for the vsyscall page, so would a fetch from there.
inline Word KeptOpen() {
  return start::g_settings.vsyscall ? Bit(kSigsys) | Bit(kSigsegv) : Bit(kSigsys);
}

inline constexpr Word kNeverBlocked =
    Bit(9) | Bit(19);  // SIGKILL and SIGSTOP, as the kernel has it
// What is blocked where no handler of the program's may come between. An object, too.
inline constexpr Word kKeptOut = ~(kFaults | Bit(kSigsys) | kNeverBlocked);

// The pages that the filter knows: a masked call passes when its pointer lies in here. (Said to be
// hidden, or where its address is added to another gcc takes that from a table of addresses.)
inline constexpr Word kMaskBytes = 32 * 1024;
[[gnu::visibility("hidden")]] extern char g_mask_pages[kMaskBytes];
void StartMasks();

// A copy of the mask that the program's pointer shows, without KeptOpen(). Never fails: a bad
// pointer becomes one that is bad in here, a wrong size is left to the kernel, so that its own
// checks in their own order give the errno. null stays null. *safe is 0 only when the pages are
// full.
long SafeMask(Word mask, Word size, Word* safe);
// The same for {pointer, size} pairs (pselect6, io_pgetevents). 0 when the pages are full.
Word SafePair(Word pair);
// For a re-executed sigaltstack: a copy of this stack_t at an address in the pages. 0 when they are
// full.
Word SafeStack(const arch::AltStack& stack);
// A pointer into the pages that the kernel answers EFAULT to.
Word BadMask();

}  // namespace abishim::signals

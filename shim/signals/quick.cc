#include "shim/signals/quick.h"

#include <atomic>

#include "shim/memory/host.h"
#include "shim/signals/actions.h"
#include "shim/signals/masks.h"
#include "shim/signals/thread.h"

namespace abishim::signals {
namespace {

constexpr Word kPage = 4096;
Word PageOf(Word at) { return at / kPage; }

// Pages that once could be read.
constinit std::atomic<Word> g_readable[64] = {};

// With SIGSEGV blocked, as it may be here, a copy from a bad pointer would end the program. So the
// kernel is asked first, but where the program stands, and once for each page. (Of a page that was
// unmapped meanwhile it is not asked again: a stated limit.)
template <class T>
bool ReadSafely(const arch::Ucontext& u, Word from, T* to) {
  const Word page = PageOf(from), last = from + sizeof(T) - 1;
  if (page != PageOf(arch::StackPointer(u)) || PageOf(last) != page) {
    std::atomic<Word>& known = g_readable[page % 64];
    if (PageOf(last) != page || known.load(std::memory_order_relaxed) != page) {
      if (!KernelCanRead(from) || !KernelCanRead(last - 7)) return false;
      known.store(page, std::memory_order_relaxed);
    }
  }
  return CopyIn(from, to);
}

// What lets signals in is left to the entry, so that their handlers find a stack that can be
// unwound: abort() and raise() arrive so. Then the old mask is asked for before, not at once.
long QuickSigprocmask(arch::Ucontext* u, Args* args) {
  const Word from = args->word[1], old = args->word[2];
  if (args->word[3] != 8) return 0;
  const int how = args->Int(0);
  Word set = 0;
  if (from != 0 && !ReadSafely(*u, from, &set)) return 0;
  if ((set & KeptOpen()) != 0 && how != kSigUnblock) return 0;
  if (AnyMayBeBlocked()) return 0;
  u->mask = set & ~KeptOpen();
  const bool lets_in = from != 0 && (how == kSigUnblock || how == kSigSetmask);
  if (!lets_in) {
    if (from != 0) args->word[1] = reinterpret_cast<Word>(&u->mask);
    return arch::kAnswered | arch::kCalls;
  }
  // A mask that cannot be written is EFAULT after the new one is in force: for the trap.
  if (old != 0 && HostCall<"rt_sigprocmask">(0, 0, old, 8) != 0) return 0;
  arch::SetResult(u, 0);
  return arch::kAnswered | arch::Leaves(how);
}

// The copy lies in a part of the frame that nobody reads.
long QuickSigaction(arch::Ucontext* u, Args* args) {
  const Word from = args->word[1];
  const int signal = args->Int(0);
  if (args->word[3] != 8 || signal < 1 || signal > 64 || IsOurSignal(signal)) return 0;
  auto* act = reinterpret_cast<arch::Sigaction*>(u->reserved);
  static_assert(sizeof(*act) <= sizeof(u->reserved));
  if (from != 0) {
    if (!ReadSafely(*u, from, act) || (act->mask & KeptOpen()) != 0) return 0;
    args->word[1] = reinterpret_cast<Word>(act);
  }
  if (MaskShowsKeptOpen(signal)) return 0;
  return arch::kAnswered | arch::kCalls;
}

}  // namespace

// The kernel reads the mask, and finds no such way of setting it.
bool KernelCanRead(Word at) {
  constexpr int kNoSuchWay = -1;
  return HostCall<"rt_sigprocmask">(kNoSuchWay, at, 0, 8) == -EINVAL;
}

Quick* QuickFor(long nr) {
  if (nr == NumberOf("rt_sigprocmask")) return QuickSigprocmask;
  if (nr == NumberOf("rt_sigaction")) return QuickSigaction;
  return nullptr;
}

}  // namespace abishim::signals

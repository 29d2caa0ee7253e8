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
long QuickSigprocmask(arch::Ucontext* u, const Args& args) {
  if (args[3] != 8) return 0;
  const int how = args.Int(0);
  Word set = 0;
  if (args[1] != 0 && !ReadSafely(*u, args[1], &set)) return 0;
  if ((set & KeptOpen()) != 0 && how != kSigUnblock) return 0;
  if (AnyMayBeBlocked()) return 0;
  set &= ~KeptOpen();
  const bool lets_in = args[1] != 0 && (how == kSigUnblock || how == kSigSetmask);
  if (!lets_in) {
    arch::SetResult(u, HostCall<"rt_sigprocmask">(how, args[1] ? &set : nullptr, args[2], 8));
    return arch::kAnswered;
  }
  // A mask that cannot be written is EFAULT after the new one is in force: for the trap.
  if (args[2] != 0 && HostCall<"rt_sigprocmask">(0, 0, args[2], 8) != 0) return 0;
  u->mask = set;
  arch::SetResult(u, 0);
  return arch::kAnswered | arch::Leaves(how);
}

long QuickSigaction(arch::Ucontext* u, const Args& args) {
  const int signal = args.Int(0);
  if (args[3] != 8 || signal < 1 || signal > 64 || IsOurSignal(signal)) return 0;
  arch::Sigaction act{};
  if (args[1] != 0 && !ReadSafely(*u, args[1], &act)) return 0;
  if ((act.mask & KeptOpen()) != 0 || MaskShowsKeptOpen(signal)) return 0;
  arch::SetResult(u, HostCall<"rt_sigaction">(signal, args[1] ? &act : nullptr, args[2], 8));
  return arch::kAnswered;
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

#include "shim/signals/actions.h"

#include <atomic>

#include "shim/memory/host.h"
#include "shim/signals/masks.h"
#include "shim/signals/thread.h"

namespace abishim::signals {
namespace {

constexpr Word kIgnore = 1;  // SIG_IGN
constexpr Word kOurs = Bit(kSigsys) | kFaults;

// The program's view of one of our signals. A reader (perhaps a handler that interrupted the
// writer) must never see half of an action, and a fork child must never wait for a lock that nobody
// holds: a writer fills a place of its own and publishes its number. A place is used again only
// after kPlaces further writes.
struct View {
  static constexpr unsigned kPlaces = 16;
  arch::Sigaction place[kPlaces] = {};
  std::atomic<unsigned> next = 0, current = 0;

  void Set(const arch::Sigaction& action) {
    const unsigned i = next.fetch_add(1) % kPlaces;
    place[i] = action;
    current.store(i, std::memory_order_release);
  }
  arch::Sigaction Get() const { return place[current.load(std::memory_order_acquire)]; }
};
constinit View g_sigsys, g_sigsegv, g_sigbus;

View& ViewOf(int signal) {
  return signal == kSigsys ? g_sigsys : signal == kSigsegv ? g_sigsegv : g_sigbus;
}

// The other signals whose sa_mask has one of KeptOpen() in the program's view only.
constinit std::atomic<Word> g_mask_has_sigsys, g_mask_has_sigsegv;

// Of such a signal's sa_mask.
Word MaskedIn(int signal) {
  const auto bit = [signal](const std::atomic<Word>& set, int masked) {
    return (set.load(std::memory_order_relaxed) & Bit(signal)) != 0 ? Bit(masked) : 0;
  };
  return bit(g_mask_has_sigsys, kSigsys) | bit(g_mask_has_sigsegv, kSigsegv);
}

void Note(std::atomic<Word>* set, Word bit, bool now) {
  if (now) {
    set->fetch_or(bit);
  } else if ((set->load(std::memory_order_relaxed) & bit) != 0) {
    set->fetch_and(~bit);
  }
}

Word Restorer() { return reinterpret_cast<Word>(&abishim_restorer); }

// What stands in the kernel for one of our signals.
arch::Sigaction Real(int signal, const arch::Sigaction& program) {
  arch::Sigaction real{reinterpret_cast<Word>(&abishim_signal_entry), 0, Restorer(), 0};
  if (signal == kSigsys) {
    // SIGSYS itself stays unblocked in its handler: see design, the program's own sandbox.
    real.flags = kSaSiginfo | kSaOnstack | kSaNodefer | kSaRestorer;
    real.mask = ~kOurs;
  } else if (program.handler == Word{0} || program.handler == Word{1}) {  // SIG_DFL, SIG_IGN
    real.flags = kSaSiginfo | kSaOnstack | kSaNodefer | kSaRestorer;
  } else {
    // The program's handler finds its stack and its mask as if the kernel had called it. The kernel
    // must not take our handler away, so kSaResethand is ours to do; nor block what stays open.
    // And without SA_SIGINFO it would not say what happened.
    real.flags = (program.flags & ~kSaResethand) | kSaRestorer | kSaSiginfo;
    if ((KeptOpen() & Bit(signal)) != 0) real.flags |= kSaNodefer;
    real.mask = program.mask & ~kOurs;
  }
  return real;
}

long Install(int signal, const arch::Sigaction& program) {
  const arch::Sigaction real = Real(signal, program);
  return HostCall<"rt_sigaction">(signal, &real, 0, 8);
}

long SetOurs(int signal, const arch::Sigaction* act, arch::Sigaction* old) {
  if (old != nullptr) *old = ViewOf(signal).Get();
  if (act == nullptr) return 0;
  if (MemoryIsBorrowed()) {
    // A vfork child: the view is its parent's. What it may want is that its successor finds the
    // signal ignored, and that only the kernel can hand on.
    if (signal != kSigsys && act->handler == 1) return HostCall<"rt_sigaction">(signal, act, 0, 8);
    return 0;
  }
  ViewOf(signal).Set(*act);
  return Install(signal, *act);
}

long SetOther(int signal, const arch::Sigaction* act, arch::Sigaction* old) {
  const Word bit = Bit(signal), open = KeptOpen();
  arch::Sigaction stripped;
  if (act != nullptr) {
    stripped = *act;
    stripped.mask &= ~open;
  }
  // (With the program's nulls: its own filter may look at them.)
  const long result = HostCall<"rt_sigaction">(signal, act ? &stripped : nullptr, old, 8);
  if (IsError(result)) return result;
  if (old != nullptr) old->mask |= MaskedIn(signal);
  if (act != nullptr && !MemoryIsBorrowed()) {
    Note(&g_mask_has_sigsys, bit, (act->mask & Bit(kSigsys)) != 0);
    Note(&g_mask_has_sigsegv, bit, (act->mask & open & Bit(kSigsegv)) != 0);
  }
  return 0;
}

}  // namespace

arch::Sigaction ProgramAction(int signal) { return ViewOf(signal).Get(); }

bool MaskShowsKeptOpen(int signal) { return MaskedIn(signal) != 0; }

Word IgnoredOfOurs() {
  Word ignored = 0;
  for (const int signal : {kSigsys, kSigsegv, kSigbus}) {
    if (ProgramAction(signal).handler == kIgnore) ignored |= Bit(signal);
  }
  return ignored;
}

void Ignore(Word signals) {
  const arch::Sigaction ignore{.handler = kIgnore, .flags = 0, .restorer = 0, .mask = 0};
  for (int signal = 1; signal <= 64; ++signal) {
    if (signals & Bit(signal)) HostCall<"rt_sigaction">(signal, &ignore, 0, 8);
  }
}

void StartActions() {
  for (const int signal : {kSigsegv, kSigbus, kSigsys}) {
    arch::Sigaction old{};
    HostCall<"rt_sigaction">(signal, 0, &old, 8);
    ViewOf(signal).Set(old);
    Install(signal, old);
  }
}

void StopActions() {
  for (const int signal : {kSigsys, kSigbus, kSigsegv}) {
    const arch::Sigaction program = ProgramAction(signal);
    HostCall<"rt_sigaction">(signal, &program, 0, 8);
  }
}

// kernel/signal.c, do_sigaction: size, then the pointer, then the signal, then the effect, and the
// old action is written last.
long SetAction(int signal, Word act_at, Word oldact_at, Word size) {
  if (size != 8) return -EINVAL;
  arch::Sigaction act, old{};
  if (act_at != 0 && !CopyIn(act_at, &act)) return -EFAULT;
  if (signal < 1 || signal > 64) return -EINVAL;
  if (act_at != 0 && (kNeverBlocked & Bit(signal))) return -EINVAL;
  if (act_at != 0) act.mask &= ~kNeverBlocked;
  const auto* wanted = act_at ? &act : nullptr;
  auto* const asked = oldact_at ? &old : nullptr;
  const long result =
      IsOurSignal(signal) ? SetOurs(signal, wanted, asked) : SetOther(signal, wanted, asked);
  if (IsError(result)) return result;
  if (oldact_at != 0 && !CopyOut(oldact_at, old)) return -EFAULT;
  return 0;
}

void SurrenderAction(int signal) {
  const arch::Sigaction none{};
  HostCall<"rt_sigaction">(signal, &none, 0, 8);
}

void ResetProgramAction(int signal) {
  const arch::Sigaction none{};
  ViewOf(signal).Set(none);
  Install(signal, none);
}

}  // namespace abishim::signals

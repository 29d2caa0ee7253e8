#include "shim/memory/stacks.h"

#include <linux/mman.h>

#include <atomic>

#include "shim/memory/host.h"

extern "C" {
// Boost.Context (boost/context/detail/fcontext.hpp): pure assembly, no vector registers.
struct Transfer {
  void* context;
  void* data;
};
[[gnu::visibility("hidden")]] Transfer jump_fcontext(void* to, void* data);
[[gnu::visibility("hidden")]] void* make_fcontext(void* top, unsigned long bytes,
                                                  void (*function)(Transfer));
// Where a context ends whose function returns; ours never does.
[[gnu::visibility("hidden")]] void _exit(int) { __builtin_trap(); }
}

namespace abishim::memory {
namespace {

constexpr Word kGuard = 4096, kStep = kStackBytes + kGuard;
constexpr Word kArena = kStep * kStacks;

// 0: never used. kInTheMaking: not writable yet; a fork child starts over. kFree: writable and
// free. Else its owner, pid << 32 | claims << 22 | tid: a claim that is counted cannot be mistaken
// for the one of a thread that is gone.
constexpr int kNoProcess = 0, kNoThread = 2;  // of spare stacks
constexpr Word kFree = ~Word{0}, kInTheMaking = 1, kClaim = Word{1} << 22, kClaims = 0x3ff * kClaim;
constinit std::atomic<Word> g_owner[kStacks];
constinit std::atomic<Word> g_arena;  // reserved at the first use
constinit std::atomic<unsigned> g_hint;

Word Owner(int pid, int tid) { return static_cast<Word>(pid) << 32 | static_cast<unsigned>(tid); }

Word Arena() {
  if (const Word arena = g_arena.load(std::memory_order_acquire)) return arena;
  const long mapped =
      HostCall<"mmap">(0, kArena, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (IsError(mapped)) return 0;
  Word expected = 0;
  if (g_arena.compare_exchange_strong(expected, static_cast<Word>(mapped))) {
    return static_cast<Word>(mapped);
  }
  HostCall<"munmap">(mapped, kArena);  // another thread was first
  return expected;
}

Word StackAt(Word arena, int i) { return arena + static_cast<Word>(i) * kStep + kGuard; }

bool Gone(Word owner) { return HostCall<"tgkill">(owner >> 32, owner & (kClaim - 1), 0) == -ESRCH; }

Word TryTake(Word arena, int i, Word me) {
  Word state = g_owner[i].load(std::memory_order_relaxed);
  const Word stack = StackAt(arena, i);
  if (state == kFree) return g_owner[i].compare_exchange_strong(state, me) ? stack : 0;
  if (state != 0 || !g_owner[i].compare_exchange_strong(state, kInTheMaking)) return 0;
  const bool made = !IsError(HostCall<"mprotect">(stack, kStackBytes, PROT_READ | PROT_WRITE));
  g_owner[i].store(made ? me : 0);
  return made ? stack : 0;
}

// One whose owner is gone, among some of the first `used`.
Word TakeOver(Word arena, Word me, int used, int look) {
  const unsigned start = g_hint.fetch_add(static_cast<unsigned>(look), std::memory_order_relaxed);
  for (int n = 0; n < look && n < used; ++n) {
    const int i =
        static_cast<int>((start + static_cast<unsigned>(n)) % static_cast<unsigned>(used));
    Word owner = g_owner[i].load();
    if (owner == 0 || owner == kInTheMaking || owner == kFree || !Gone(owner)) continue;
    if (!g_owner[i].compare_exchange_strong(owner, me)) continue;
    return StackAt(arena, i);
  }
  return 0;
}

}  // namespace

Word Acquire(int pid, int tid) {
  const Word arena = Arena(), me = Owner(pid, tid);
  if (arena == 0) return 0;
  // The lowest first, and before a fresh one is touched a look at a few old ones: a program with
  // thousands of short threads then needs little more than it has threads at a time.
  for (int i = 0; i < kStacks; ++i) {
    if (g_owner[i].load(std::memory_order_relaxed) == 0 && i > 8) {
      if (const Word stack = TakeOver(arena, me, i, 16)) return stack;
    }
    if (const Word stack = TryTake(arena, i, me)) return stack;
  }
  return TakeOver(arena, me, kStacks, kStacks);
}

Word AcquireSpare() { return Acquire(kNoProcess, kNoThread); }

void Release(Word stack) {
  g_owner[(stack - g_arena.load()) / kStep].store(kFree, std::memory_order_release);
}

bool Reclaim(Word stack, int pid, int tid) {
  std::atomic<Word>& place = g_owner[(stack - g_arena.load()) / kStep];
  Word owner = place.load();
  if ((owner & ~kClaims) != Owner(pid, tid)) return false;
  const Word again = (owner & ~kClaims) | ((owner + kClaim) & kClaims);
  return place.compare_exchange_strong(owner, again);
}

bool IsOurs(Word address) {
  const Word arena = g_arena.load(std::memory_order_relaxed);
  return arena != 0 && address - arena < kArena;
}

Word OwnerOf(Word address) { return g_owner[(address - g_arena.load()) / kStep].load() & ~kClaims; }

void AfterFork(Word keep, int pid, int tid) {
  const Word arena = g_arena.load();
  for (int i = 0; arena != 0 && i < kStacks; ++i) {
    const Word owner = g_owner[i].load(std::memory_order_relaxed);
    if (owner == kInTheMaking) g_owner[i].store(0, std::memory_order_relaxed);
    if (owner == 0 || owner == kInTheMaking) continue;
    const bool kept = StackAt(arena, i) == keep;
    g_owner[i].store(kept ? Owner(pid, tid) : kFree, std::memory_order_relaxed);
  }
}

namespace {

struct Job {
  void (*function)(void*);
  void* argument;
  const arch::AltStack* alternate;  // to be set first, once off the old one; null: leave it
};

void Enter(Transfer from) {
  const Job job = *static_cast<const Job*>(from.data);
  if (job.alternate != nullptr) HostCall<"sigaltstack">(job.alternate, 0);
  job.function(job.argument);
  jump_fcontext(from.context, nullptr);
}

void RunOn(Word top, Job job) {
  void* context = make_fcontext(reinterpret_cast<void*>(top), kHalf, Enter);
  jump_fcontext(context, &job);
}

}  // namespace

bool RunOnSpare(void (*function)(void*), void* argument) {
  const Word stack = AcquireSpare();
  if (stack == 0) return false;
  RunOn(stack + kStackBytes, {function, argument, nullptr});
  Release(stack);
  return true;
}

bool RunWithRoom(const arch::AltStack& alternate, void (*function)(void*), void* argument) {
  constexpr Word kMargin = 1024;
  const bool none = (alternate.flags & arch::kStackDisabled) != 0 || alternate.size == 0;
  if (!none && IsOurs(alternate.sp) && arch::Here() > alternate.sp + kHalf + kMargin) {
    RunOn(alternate.sp + kHalf, {function, argument, nullptr});
    return true;
  }
  const Word stack =
      Acquire(static_cast<int>(HostCall<"getpid">()), static_cast<int>(HostCall<"gettid">()));
  if (stack == 0) return false;
  if (none) {
    RunOn(stack + kStackBytes, {function, argument, nullptr});
  } else {
    // Who stands on an alternate stack cannot change it, so Enter does, once it is off. On the way
    // back a signal may still find the new one, which does as well.
    const arch::AltStack room{stack, 0, 0, kStackBytes};
    RunOn(stack + kStackBytes, {function, argument, &room});
    HostCall<"sigaltstack">(&alternate, 0);
  }
  Release(stack);
  return true;
}

}  // namespace abishim::memory

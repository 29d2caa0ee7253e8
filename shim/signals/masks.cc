#include "shim/signals/masks.h"

#include <linux/mman.h>

#include <atomic>

#include "shim/memory/host.h"

namespace abishim::signals {
namespace {

constexpr Word kMaskSize = 8;  // sizeof the kernel's sigset_t, the only size it takes
constexpr int kMasks = 512, kStacks = 256;

struct Pair {
  Word pointer, size;
};

// Append-only: another thread may be in a call that reads an entry. An entry of 0 is free; the
// empty mask has its own place.
struct Pages {
  std::atomic<Word> mask[kMasks];
  Pair pair[kMasks];  // pair[i] is always {&mask[i], 8}
  struct Stack {
    std::atomic<Word> state;  // 0: free, 1: being written, 2: to be read
    arch::AltStack stack;
  } stack[kStacks];
  Word empty;
  Pair of_empty, of_null, of_bad, of_wrong_size;
};
static_assert(sizeof(Pages) <= kMaskBytes - 4096);

}  // namespace

// The last page can never be read.
[[gnu::section(".bss.z")]] alignas(kMaskBytes) constinit char g_mask_pages[kMaskBytes];

namespace {

Pages& pages() { return *reinterpret_cast<Pages*>(g_mask_pages); }

int Intern(Word mask) {
  for (int n = 0; n < kMasks; ++n) {
    const int i =
        static_cast<int>((mask * 0x9e3779b97f4a7c15 >> 55) + static_cast<Word>(n)) % kMasks;
    Word there = pages().mask[i].load(std::memory_order_relaxed);
    if (there == mask || (there == 0 && pages().mask[i].compare_exchange_strong(there, mask)) ||
        there == mask) {
      return i;
    }
  }
  return -1;
}

}  // namespace

Word BadMask() { return reinterpret_cast<Word>(g_mask_pages + kMaskBytes - 4096); }

long SafeMask(Word mask, Word size, Word* safe) {
  Word bits;
  if (mask == 0) {
    *safe = 0;
  } else if (size != kMaskSize) {
    *safe = reinterpret_cast<Word>(&pages().empty);  // EINVAL, unread
  } else if (!CopyIn(mask, &bits)) {
    *safe = BadMask();
  } else if (bits &= ~KeptOpen(); bits == 0) {
    *safe = reinterpret_cast<Word>(&pages().empty);
  } else {
    const int i = Intern(bits);
    *safe = i < 0 ? 0 : reinterpret_cast<Word>(&pages().mask[i]);
  }
  return 0;
}

Word SafePair(Word address) {
  Pair pair;
  if (!CopyIn(address, &pair)) return BadMask();
  Word safe;
  if (pair.pointer == 0) return reinterpret_cast<Word>(&pages().of_null);
  SafeMask(pair.pointer, pair.size, &safe);
  if (safe == 0) return 0;
  if (safe == BadMask()) return reinterpret_cast<Word>(&pages().of_bad);
  if (pair.size != kMaskSize) return reinterpret_cast<Word>(&pages().of_wrong_size);
  if (safe == reinterpret_cast<Word>(&pages().empty)) {
    return reinterpret_cast<Word>(&pages().of_empty);
  }
  const Word i = (safe - reinterpret_cast<Word>(&pages().mask[0])) / sizeof(Word);
  pages().pair[i] = {safe, kMaskSize};  // whoever writes it writes the same
  return reinterpret_cast<Word>(&pages().pair[i]);
}

Word SafeStack(const arch::AltStack& stack) {
  for (Pages::Stack& place : pages().stack) {
    Word state = place.state.load(std::memory_order_acquire);
    if (state == 2 && place.stack.sp == stack.sp && place.stack.flags == stack.flags &&
        place.stack.size == stack.size) {
      return reinterpret_cast<Word>(&place.stack);
    }
    if (state != 0 || !place.state.compare_exchange_strong(state, 1)) continue;
    place.stack = stack;
    place.state.store(2, std::memory_order_release);
    return reinterpret_cast<Word>(&place.stack);
  }
  return 0;
}

void StartMasks() {
  pages().of_empty = {reinterpret_cast<Word>(&pages().empty), kMaskSize};
  pages().of_null = {0, kMaskSize};
  pages().of_bad = {BadMask(), kMaskSize};
  pages().of_wrong_size = {reinterpret_cast<Word>(&pages().empty), kMaskSize + 1};
  HostCall<"mprotect">(BadMask(), 4096, PROT_NONE);
}

}  // namespace abishim::signals

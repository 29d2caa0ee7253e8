#include "shim/memory/keep.h"

#include <atomic>

namespace abishim::memory {
namespace {

constexpr Word kLargest = 4096, kRoom = 64 * 1024;

// Entries one behind the other: {size, bytes}. `size` is stored last, so that who sees it sees the
// bytes, too; an entry that is being written by another thread ends the search early, and the same
// bytes may then stand twice, which does no harm.
[[gnu::section(".bss.z")]] constinit char g_room[kRoom];
constinit std::atomic<Word> g_used;

std::atomic<Word>* SizeAt(Word at) { return reinterpret_cast<std::atomic<Word>*>(g_room + at); }
constexpr Word Step(Word size) { return sizeof(Word) + (size + 7) / 8 * 8; }

Word Find(const void* bytes, Word size) {
  const Word used = g_used.load(std::memory_order_acquire);
  for (Word at = 0; at < used;) {
    const Word there = SizeAt(at)->load(std::memory_order_acquire);
    if (there == 0) return 0;
    char* place = g_room + at + sizeof(Word);
    if (there == size && __builtin_memcmp(place, bytes, size) == 0) {
      return reinterpret_cast<Word>(place);
    }
    at += Step(there);
  }
  return 0;
}

}  // namespace

Word Keep(const void* bytes, Word size) {
  if (size == 0 || size > kLargest) return 0;
  if (const Word found = Find(bytes, size)) return found;
  Word at = g_used.load();
  do {
    if (at + Step(size) > kRoom) return 0;
  } while (!g_used.compare_exchange_weak(at, at + Step(size)));
  char* place = g_room + at + sizeof(Word);
  __builtin_memcpy(place, bytes, size);
  SizeAt(at)->store(size, std::memory_order_release);
  return reinterpret_cast<Word>(place);
}

}  // namespace abishim::memory

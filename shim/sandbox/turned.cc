#include "shim/sandbox/turned.h"

#include <atomic>

namespace abishim::sandbox {
namespace {

// A thread is known by its alternate stack, which it shares with nobody. Whoever finds none of some
// places free takes one from another: with many more than a thousand threads a note can be lost.
struct Note {
  std::atomic<Word> thread, depth, call;
};
constexpr unsigned kNotes = 1024, kTries = 8;
[[gnu::section(".bss.z")]] constinit Note g_notes[kNotes] = {};

constexpr Word kMix = 0x9e3779b97f4a7c15;

Word CallOf(const arch::Ucontext& u, long nr, const Args& args) {
  Word sum = arch::ProgramCounter(u) * kMix + static_cast<Word>(nr);
  for (const Word word : args.word) sum = (sum ^ sum >> 29 ^ word) * kMix;
  return sum | 1;
}

Note& Place(Word thread, unsigned n) {
  constexpr unsigned kShift = 64 - 10;
  static_assert(1u << (64 - kShift) == kNotes);
  return g_notes[((thread * kMix >> kShift) + n) % kNotes];
}

Note* Find(Word thread) {
  for (unsigned n = 0; n < kTries; ++n) {
    Note& note = Place(thread, n);
    if (note.thread.load(std::memory_order_relaxed) == thread) return &note;
  }
  return nullptr;
}

Note& Take(Word thread) {
  if (Note* const mine = Find(thread)) return *mine;
  for (unsigned n = 0; n < kTries; ++n) {
    Note& note = Place(thread, n);
    Word nobody = 0;
    if (note.thread.compare_exchange_strong(nobody, thread)) return note;
  }
  static constinit std::atomic<unsigned> next = 0;
  Note& note = Place(thread, next.fetch_add(1) % kTries);
  note.thread.store(thread);
  return note;
}

}  // namespace

void NoteTurned(const arch::Ucontext& u, long nr, const Args& args) {
  Note& note = Take(u.stack.sp);
  note.depth.store(arch::StackPointer(u), std::memory_order_relaxed);
  note.call.store(CallOf(u, nr, args), std::memory_order_relaxed);
}

bool TakeTurned(const arch::Ucontext& u, long nr, const Args& args) {
  Note* const note = Find(u.stack.sp);
  if (note == nullptr || note->depth.load(std::memory_order_relaxed) != arch::StackPointer(u)) {
    return false;
  }
  const Word noted = note->call.load(std::memory_order_relaxed);
  note->call.store(0, std::memory_order_relaxed);
  return noted == CallOf(u, nr, args);
}

void ForgetTurned(const arch::Ucontext& u) {
  if (Note* const note = Find(u.stack.sp)) note->call.store(0, std::memory_order_relaxed);
}

}  // namespace abishim::sandbox

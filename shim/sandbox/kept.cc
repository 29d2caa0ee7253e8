#include "shim/sandbox/kept.h"

#include "registers.h"  // arch/ARCH
#include "shim/plan/evaluate.h"
#include "shim/sandbox/prefix.h"
#include "tables/lookup.h"

namespace abishim::sandbox {
namespace {

enum class State : unsigned char { kFree, kComing, kThere, kFailed, kUnknown };

struct Entry {
  std::atomic<State> state;
  unsigned start, length;
};
struct Table {
  std::atomic<unsigned> used, reserved;
  Entry entries[kMost];
};
constinit Table g_table = {};
[[gnu::section(".bss.z")]] constinit sock_filter g_room[kRoom] = {};

bool Carried(Word number) {
  const long answer =
      abishim_gate(NumberOf("prctl"), static_cast<long>(kMagicKept), number, 0, 0, 0, 0);
  return answer == -static_cast<long>(kCarried);
}

// A filter that nobody handed on lets be called again what this image called when it woke up. An
// execve that was trapped it let through, or there had been a death.
unsigned SaidByUnknown(int nr) {
  for (const int called : {NumberOf("rt_sigaction"), NumberOf("rt_sigprocmask"), NumberOf("execve"),
                           NumberOf("execveat")}) {
    if (nr == called) return SECCOMP_RET_ALLOW;
  }
  return SECCOMP_RET_KILL_PROCESS;
}

unsigned SaidBy(const Entry& entry, const seccomp_data& data) {
  if (entry.state.load(std::memory_order_acquire) == State::kUnknown) return SaidByUnknown(data.nr);
  return Evaluate(g_room + entry.start, entry.length, data);
}

// The lowest wins, as the kernel compares them: KILL_PROCESS is negative.
bool Stricter(unsigned a, unsigned b) {
  return static_cast<int>(ActionOf(a)) < static_cast<int>(ActionOf(b));
}

}  // namespace

constinit std::atomic<unsigned> g_kept = 0;

Kept Reserve(unsigned length) {
  const unsigned number = g_table.reserved.fetch_add(1);
  if (number >= kMost) {
    g_table.reserved.store(kMost);
    return {};
  }
  Entry& entry = g_table.entries[number];
  sock_filter* const room = Borrow(length);
  if (room == nullptr) {
    entry.state.store(State::kFailed);
    return {};
  }
  entry.start = static_cast<unsigned>(room - g_room);
  return {room, number};
}

sock_filter* Borrow(unsigned length) {
  const unsigned start = g_table.used.fetch_add(length);
  if (start <= kRoom && start <= kRoom - length) return g_room + start;
  g_table.used.fetch_sub(length);
  return nullptr;
}

void GiveBack(sock_filter* room, unsigned length) {
  const auto start = static_cast<unsigned>(room - g_room);
  unsigned end = start + length;
  g_table.used.compare_exchange_strong(end, start);
}

void Publish(const Kept& kept, unsigned length) {
  g_table.entries[kept.number].length = length;
  g_table.entries[kept.number].state.store(State::kComing, std::memory_order_release);
  unsigned known = g_kept.load();
  while (known <= kept.number && !g_kept.compare_exchange_weak(known, kept.number + 1)) {
  }
}

void Settle(const Kept& kept, bool installed) {
  g_table.entries[kept.number].state.store(installed ? State::kThere : State::kFailed,
                                           std::memory_order_release);
}

unsigned Judge(long nr, const Args& args, Word caller) {
  seccomp_data data{static_cast<int>(nr), arch::kAudit, caller, {}};
  for (int i = 0; i < 6; ++i) data.args[i] = args[i];
  unsigned said = SECCOMP_RET_ALLOW;
  // The newest first: among equals it has the word.
  for (unsigned i = g_kept.load(std::memory_order_acquire); i-- > 0;) {
    const State state = g_table.entries[i].state.load(std::memory_order_acquire);
    if (state == State::kFree || state == State::kFailed) continue;
    const unsigned one = SaidBy(g_table.entries[i], data);
    if (Stricter(one, said) && (state == State::kComing || Carried(i))) said = one;
  }
  return said;
}

bool CarriesAny() { return Carried(kAny); }

void HandOn(void (*part)(void* context, void* at, Word bytes), void* context) {
  if (g_kept.load(std::memory_order_acquire) == 0) return;
  part(context, &g_kept, sizeof(g_kept));
  part(context, &g_table, sizeof(g_table));
  part(context, g_room, g_table.used.load() * sizeof(sock_filter));
}

namespace {

constexpr Word kLongest = 128 * 1024 - 16 * 1024;  // MAX_ARG_STRLEN, less what else stands there

Word Bytes() {
  Word bytes = 0;
  HandOn([](void* sum, void*, Word part) { *static_cast<Word*>(sum) += part; }, &bytes);
  return bytes;
}

unsigned char Digit(char c) { return static_cast<unsigned char>(c - 'a'); }

// Reads as much into a part; false where the text ends.
bool ReadPart(const char** text, void* to, Word bytes) {
  auto* at = static_cast<unsigned char*>(to);
  for (; bytes > 0; --bytes, *text += 2) {
    if ((*text)[0] == '\0' || (*text)[1] == '\0') return false;
    *at++ = static_cast<unsigned char>(Digit((*text)[0]) << 4 | Digit((*text)[1]));
  }
  return true;
}

}  // namespace

Word TextBytes() {
  const Word bytes = Bytes();
  return bytes == 0 || 2 * bytes >= kLongest ? 0 : 2 * bytes + 1;
}

void WriteText(char* to) {
  HandOn(
      [](void* context, void* from, Word bytes) {
        char** const at = static_cast<char**>(context);
        for (Word i = 0; i < bytes; ++i) {
          const unsigned char byte = static_cast<unsigned char*>(from)[i];
          *(*at)++ = static_cast<char>('a' + (byte >> 4));
          *(*at)++ = static_cast<char>('a' + (byte & 15));
        }
      },
      &to);
  *to = '\0';
}

void ReadText(const char* text) {
  if (*text == '\0') return;
  std::atomic<unsigned> kept = 0;
  if (ReadPart(&text, &kept, sizeof(kept)) && ReadPart(&text, &g_table, sizeof(g_table)) &&
      ReadPart(&text, g_room, g_table.used.load() * sizeof(sock_filter))) {
    g_kept.store(kept.load());
  }
}

// Filters of a program before this one that were not handed on allow nothing. Those that another
// thread was installing either came to be or did not.
void Arrive() {
  if (g_kept.load() == 0) {
    if (!CarriesAny()) return;
    g_kept.store(kMost);
    g_table.reserved.store(kMost);
    for (unsigned i = 0; i < kMost; ++i) {
      g_table.entries[i].state.store(Carried(i) ? State::kUnknown : State::kFree);
    }
  }
  for (unsigned i = 0; i < g_kept.load(); ++i) {
    std::atomic<State>& state = g_table.entries[i].state;
    if (state.load() == State::kComing) state.store(Carried(i) ? State::kThere : State::kFailed);
  }
}

}  // namespace abishim::sandbox

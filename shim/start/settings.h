// What a process of the tree must know besides its filter, and what is handed on at exec.
#pragma once

#include "tables/result.h"

namespace abishim::start {

// How the shim gets into the next program: `--exec`.
enum class ExecWay : unsigned char { kAny, kCarry, kLoader };

// How calls arrive: `--mode`. kPatched: by traps, until there were so many that their site is
// patched. kEager: until the first one. kNoFilter (`patch`): by patched sites only, all of them
// patched before they run; no filter, no handler.
enum class Mode : unsigned char { kPatched, kTrap, kEager, kNoFilter };

inline constexpr int kReleaseBytes = 65;  // of struct new_utsname

struct Settings {
  Word frame_bytes = 0;  // AT_MINSIGSTKSZ, 0 if unknown
  ExecWay exec = ExecWay::kAny;
  Mode mode = Mode::kPatched;
  bool vsyscall = false;  // calls of the vsyscall page are answered: shim/deliver/vsyscall.h
  char log[512] = {};     // empty: nothing is logged
  char stats[512] = {};   // empty: nobody counts
  // `--uname`; empty: uname(2) is the host's own.
  char release[kReleaseBytes] = {};
  // The library's file as the process that mapped it saw it; another root may show something else,
  // or nothing, there.
  char library[512] = {};
};

// Into one of these. A name that is too long cannot be handed on: nothing is then written or
// counted.
template <Word size>
void Keep(const char* name, char (&to)[size]) {
  if (name == nullptr) return;
  const Word length = __builtin_strlen(name);
  if (length < size) __builtin_memcpy(to, name, length);
}

// Of this process.
extern Settings g_settings;

// Where the log goes, as Line::Write takes it.
inline const char* Log() { return g_settings.log[0] != '\0' ? g_settings.log : nullptr; }

}  // namespace abishim::start

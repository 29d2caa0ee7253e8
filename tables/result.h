// What a translation gives back. See tables/README.md.
#pragma once

namespace abishim {

using Word = unsigned long;  // one register, one program address

// The six arguments of a system call as the registers held them. An argument of type int may carry
// garbage in its upper half: the kernel looks at the lower half only, and so does Int().
struct Args {
  Word word[6] = {};

  constexpr Word operator[](int i) const { return word[i]; }
  constexpr int Int(int i) const { return static_cast<int>(word[i]); }
  constexpr unsigned Uint(int i) const { return static_cast<unsigned>(word[i]); }
  constexpr long Long(int i) const { return static_cast<long>(word[i]); }
};

// One of three things: the value that the program gets (-errno included), or another call that the
// program's own `syscall` instruction shall make instead. What may block must be the latter: only
// so do EINTR, SA_RESTART, pthread_cancel and the program's handlers behave as natively.
struct [[nodiscard]] Result {
  long value = 0;      // the result, or the number of the call to re-execute
  bool again = false;  // re-execute
  int given = 0;       // how many arguments it has: the other registers stay the program's
  union {              // (no word is written in vain: at a patched site that counts)
    Args args;         // of the re-executed call; only there if there is one
  };

  constexpr Result(long v) : value(v) {}
  static constexpr Result Again(long nr, const Args& a, int given) { return {nr, a, given}; }

 private:
  constexpr Result(long nr, const Args& a, int n) : value(nr), again(true), given(n), args(a) {}
};

constexpr bool IsError(long value) { return value < 0 && value >= -4095; }

}  // namespace abishim

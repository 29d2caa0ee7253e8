// Is a shim already in force in this process, and where? The filter itself answers prctl(kMagic,
// i), so the answer needs neither handler nor image; a kernel without our filter says EINVAL.
#pragma once

#include "shim/plan/verdict.h"
#include "tables/result.h"

namespace abishim {

inline constexpr Word kMagic = 0x61626973;  // "abis"; no prctl option of any kernel
// What the images of one tree must agree on (section layout, state, trap flags). 8 bits.
inline constexpr unsigned kContract = 6;
inline constexpr int kQuestions = 4;  // ten bits each

struct Presence {
  bool present = false;
  Word base = 0;  // 0: the filter only repairs
  unsigned version = 0;
  bool translates = false;
  bool stats = false;
  unsigned exec = 0;         // `run --exec`, as shim/start/settings.h numbers it; 2 bits
  bool bare = false;         // no filter stood before ours
  unsigned mode = 0;         // `run --mode`, numbered there, too; 2 bits
  bool vsyscall = false;     // calls of the vsyscall page are answered
  bool never_older = false;  // ABISHIM_OLDER=0
  bool older = false;        // the user space is an old one
};

// The errno that answers question i: 0x400 | ten bits, out of the way of every real errno.
constexpr unsigned AnswerOf(const Presence& presence, int i) {
  const Word bits = (presence.base >> 12 & 0xfffff) | Word{presence.version & 0xff} << 20 |
                    Word{presence.translates} << 28 | Word{presence.stats} << 29 |
                    Word{presence.exec & 3} << 30 | Word{presence.bare} << 32 |
                    Word{presence.mode & 3} << 33 | Word{presence.vsyscall} << 35 |
                    Word{presence.never_older} << 36 | Word{presence.older} << 37;
  return 0x400 | static_cast<unsigned>(bits >> (10 * i) & 0x3ff);
}

Presence Ask(RawCall call);

}  // namespace abishim

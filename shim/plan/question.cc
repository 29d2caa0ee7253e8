#include "shim/plan/question.h"

#include "tables/lookup.h"

namespace abishim {

Presence Ask(RawCall call) {
  Word bits = 0;
  for (int i = 0; i < kQuestions; ++i) {
    const long answer = -call(NumberOf("prctl"), static_cast<long>(kMagic), i, 0, 0, 0, 0);
    if (answer < 0x400 || answer > 0x7ff) return {};
    bits |= static_cast<Word>(answer & 0x3ff) << (10 * i);
  }
  return {.present = true,
          .base = (bits & 0xfffff) << 12,
          .version = static_cast<unsigned>(bits >> 20 & 0xff),
          .translates = (bits >> 28 & 1) != 0,
          .stats = (bits >> 29 & 1) != 0,
          .exec = static_cast<unsigned>(bits >> 30 & 3),
          .bare = (bits >> 32 & 1) != 0,
          .mode = static_cast<unsigned>(bits >> 33 & 3),
          .vsyscall = (bits >> 35 & 1) != 0,
          .never_older = (bits >> 36 & 1) != 0,
          .older = (bits >> 37 & 1) != 0};
}

}  // namespace abishim

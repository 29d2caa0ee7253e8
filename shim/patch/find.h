// The mapping that a call site stands in.
#pragma once

#include "tables/result.h"

namespace abishim::patch {

inline constexpr Word kPage = 4096;
constexpr Word PageOf(Word at) { return at & ~(kPage - 1); }

struct Text {
  Word start, end, offset, inode;
  char path[4096];
};

enum class Found {
  kText,
  kUnreadable,  // /proc does not tell
  kNotThere,
  kNotFile,   // anonymous, as code is that was made at run time; or its file has no name any more
  kShared,    // others would run what is written here
  kWritable,  // the program changes it itself
  kTooMany,   // mappings: the kernel might refuse one more in the middle of the exchange
};
Found FindText(Word start, Word end, Text* text);

}  // namespace abishim::patch

// The mapping that a call site stands in.
#pragma once

#include "shim/memory/pages.h"
#include "shim/start/maps.h"
#include "tables/result.h"

namespace abishim::patch {

using memory::kPage, memory::PageOf;

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
// What is to be said of a mapping; the text, if it is one.
Found Judge(const start::Mapping& mapping, Text* text);
// Of the mapping that these addresses are in.
Found FindText(Word start, Word end, Text* text);

}  // namespace abishim::patch

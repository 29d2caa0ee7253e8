// A page of text is exchanged for one that has other bytes in some places, at once and for
// all threads.
#pragma once

#include "shim/memory/own.h"
#include "shim/patch/find.h"

namespace abishim::patch {

// Bytes to be put at `at`, no matter what was there.
struct Change {
  Word at;
  unsigned char bytes[8];
  Word count;
};
inline Change MakeChange(Word at, const void* bytes, Word count) {
  Change change{at, {}, count};
  __builtin_memcpy(change.bytes, bytes, count);
  return change;
}

// Puts jumps or entries' addresses into one page, which is in `text`: in ascending order, none
// across the page's end. False: nothing was changed.
bool Exchange(const memory::Own& own, const Text& text, const Change* changes, int count);

}  // namespace abishim::patch

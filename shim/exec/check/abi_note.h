// The note by which a program says which kernels it is for.
#pragma once

#include "shim/exec/check/elf_note.h"

namespace abishim::exec {

// The notes of a segment: do they ask for a Linux older than 3.2? {system, major, minor, patch} of
// the oldest kernel that the program was built for.
inline bool IsOldNote(const char* note, const char* end) {
  constexpr unsigned kAbiTag = 1, kLinux = 0;
  unsigned tag[4];
  const char* text = FindNote(note, end, "GNU", kAbiTag, sizeof(tag));
  if (text == nullptr) return false;
  __builtin_memcpy(tag, text, sizeof(tag));
  return tag[0] == kLinux && (tag[1] < 3 || (tag[1] == 3 && tag[2] < 2));
}

}  // namespace abishim::exec

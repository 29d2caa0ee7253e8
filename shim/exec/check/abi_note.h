// The note by which a program says which kernels it is for.
#pragma once

#include <linux/elf.h>

#include "tables/result.h"

namespace abishim::exec {

// The notes of a segment: do they ask for a Linux older than 3.2? {system, major, minor, patch} of
// the oldest kernel that the program was built for.
inline bool IsOldNote(const char* note, const char* end) {
  constexpr unsigned kAbiTag = 1, kLinux = 0;
  constexpr char kOwner[] = "GNU";
  constexpr auto kPadded = [](Word bytes) { return (bytes + 3) & ~Word{3}; };
  while (note + sizeof(Elf64_Nhdr) <= end) {
    Elf64_Nhdr head;
    __builtin_memcpy(&head, note, sizeof(head));
    const char *name = note + sizeof(head), *text = name + kPadded(head.n_namesz);
    unsigned tag[4];
    if (text + sizeof(tag) > end) return false;
    if (head.n_type == kAbiTag && head.n_namesz == sizeof(kOwner) && head.n_descsz >= sizeof(tag) &&
        __builtin_memcmp(name, kOwner, sizeof(kOwner)) == 0) {
      __builtin_memcpy(tag, text, sizeof(tag));
      return tag[0] == kLinux && (tag[1] < 3 || (tag[1] == 3 && tag[2] < 2));
    }
    note = text + kPadded(head.n_descsz);
  }
  return false;
}

}  // namespace abishim::exec

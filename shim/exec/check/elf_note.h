// A note in a segment of notes (elf.h: name, kind and text, each padded to four bytes).
#pragma once

#include <linux/elf.h>

#include "tables/result.h"

namespace abishim::exec {

// The text of the first note of this owner and kind that has at least `bytes`; null: there is none.
// What lies in [note, end) may be anything.
template <Word kOwnerBytes>
const char* FindNote(const char* note, const char* end, const char (&owner)[kOwnerBytes],
                     unsigned kind, Word bytes) {
  constexpr auto kPadded = [](Word size) { return (size + 3) & ~Word{3}; };
  Elf64_Nhdr head;
  while (static_cast<Word>(end - note) >= sizeof(head)) {
    __builtin_memcpy(&head, note, sizeof(head));
    const Word left = static_cast<Word>(end - note) - sizeof(head);
    const char* name = note + sizeof(head);
    const Word name_bytes = kPadded(head.n_namesz), text_bytes = kPadded(head.n_descsz);
    if (name_bytes > left || head.n_descsz > left - name_bytes) return nullptr;
    if (head.n_type == kind && head.n_namesz == kOwnerBytes && head.n_descsz >= bytes &&
        __builtin_memcmp(name, owner, kOwnerBytes) == 0) {
      return name + name_bytes;
    }
    if (text_bytes > left - name_bytes) return nullptr;
    note = name + name_bytes + text_bytes;
  }
  return nullptr;
}

}  // namespace abishim::exec

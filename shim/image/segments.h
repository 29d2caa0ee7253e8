// The program headers of what is mapped, as a range.
#pragma once

#include <linux/elf.h>

#include "tables/result.h"

namespace abishim::image {

struct Segments {
  const Elf64_Phdr* first;
  Word count;

  const Elf64_Phdr* begin() const { return first; }
  const Elf64_Phdr* end() const { return first + count; }

  // The first of that type, or null.
  const Elf64_Phdr* Find(unsigned type) const {
    for (const Elf64_Phdr& segment : *this) {
      if (segment.p_type == type) return &segment;
    }
    return nullptr;
  }
};

// Of a file whose first page is at `header`.
inline Segments SegmentsAt(const char* header) {
  const auto& head = *reinterpret_cast<const Elf64_Ehdr*>(header);
  return {reinterpret_cast<const Elf64_Phdr*>(header + head.e_phoff), head.e_phnum};
}

}  // namespace abishim::image

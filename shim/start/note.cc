#include "shim/start/note.h"

#include <linux/elf.h>

#include "shim/memory/own.h"

namespace abishim::start {
namespace {

// As LINUX_VERSION_CODE has it.
unsigned CodeOf(const char* release) {
  constexpr unsigned kMost = 255;
  unsigned code = 0;
  for (int part = 0; part < 3; ++part) {
    unsigned number = 0;
    for (; *release >= '0' && *release <= '9'; ++release) {
      number = 10 * number + static_cast<unsigned>(*release - '0');
      if (number > kMost) number = kMost;
    }
    code = code << 8 | number;
    if (*release == '.') ++release;
  }
  return code;
}

constexpr Word Padded(Word bytes) { return (bytes + 3) & ~Word{3}; }

// {"Linux", type 0, a version code}; 0: not in this segment.
Word FindCode(Word note, Word end) {
  constexpr char kOwner[] = "Linux";
  while (note + sizeof(Elf64_Nhdr) <= end) {
    const auto& head = *reinterpret_cast<const Elf64_Nhdr*>(note);
    const Word name = note + sizeof(head), text = name + Padded(head.n_namesz);
    if (head.n_type == 0 && head.n_namesz == sizeof(kOwner) && head.n_descsz == sizeof(unsigned) &&
        __builtin_memcmp(reinterpret_cast<const void*>(name), kOwner, sizeof(kOwner)) == 0)
      return text;
    note = text + Padded(head.n_descsz);
  }
  return 0;
}

}  // namespace

void TellRelease(Word vdso, const char* release) {
  if (vdso == 0) return;
  const auto& header = *reinterpret_cast<const Elf64_Ehdr*>(vdso);
  const auto* segment = reinterpret_cast<const Elf64_Phdr*>(vdso + header.e_phoff);
  for (int i = 0; i < header.e_phnum; ++i, ++segment) {
    if (segment->p_type != PT_NOTE) continue;
    const Word start = vdso + segment->p_offset;
    const Word place = FindCode(start, start + segment->p_filesz);
    if (place == 0) continue;
    const unsigned code = CodeOf(release);
    memory::Own().Write(place, &code, sizeof(code));
    return;
  }
}

}  // namespace abishim::start

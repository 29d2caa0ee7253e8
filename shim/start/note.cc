#include "shim/start/note.h"

#include <linux/elf.h>

#include "shim/exec/check/elf_note.h"
#include "shim/image/segments.h"
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

}  // namespace

void TellRelease(Word vdso, const char* release) {
  if (vdso == 0) return;
  const auto* image = reinterpret_cast<const char*>(vdso);
  for (const Elf64_Phdr& segment : image::SegmentsAt(image)) {
    if (segment.p_type != PT_NOTE) continue;
    const char* notes = image + segment.p_offset;
    const unsigned code = CodeOf(release);
    const char* place = exec::FindNote(notes, notes + segment.p_filesz, "Linux", 0, sizeof(code));
    if (place == nullptr) continue;
    memory::Own().Write(reinterpret_cast<Word>(place), &code, sizeof(code));
    return;
  }
}

}  // namespace abishim::start

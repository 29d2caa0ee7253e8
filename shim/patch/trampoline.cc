#include "shim/patch/trampoline.h"

#include <linux/mman.h>

#include "patch_site.h"  // arch/ARCH
#include "shim/memory/host.h"

namespace abishim::patch {
namespace {

// Readable and executable from the first, and written through /proc/self/mem.
constexpr Word kAreaBytes = 64 * 1024;
constexpr unsigned kSlots = kAreaBytes / arch::kSlotBytes;
constexpr int kAreas = 64;

struct Area {
  Word start;
  unsigned used;
};
constinit Area g_areas[kAreas] = {};  // written by him who holds the lock
constinit int g_count;

bool Serves(Word start, Word site) {
  return arch::Reaches(start, site) && arch::Reaches(start + kAreaBytes, site);
}

// By a hint: before 4.17 there is no MAP_FIXED_NOREPLACE. What the kernel chooses instead may be
// the place that some heap is to grow into.
Word MapAt(Word at, Word site) {
  const long got = HostCall<"mmap">(at, kAreaBytes, PROT_READ | PROT_EXEC,
                                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (IsError(got)) return 0;
  if (static_cast<Word>(got) == at && Serves(at, site)) return at;
  HostCall<"munmap">(got, kAreaBytes);
  return 0;
}

// Below the text: above a program lies its heap, which must be able to grow.
Word MapNear(Word site, Word text) {
  constexpr Word kLowest = 0x10000, kStep = 0x40000;
  for (Word distance = kStep; distance < arch::kReach; distance += distance / 4 + kStep) {
    if (text < distance + kLowest) break;
    const Word at = (text - distance) & ~(kAreaBytes - 1);
    if (const Word area = MapAt(at, site)) return area;
  }
  for (Word distance = 0x7e000000; distance > 0x10000000; distance -= 0x1000000) {
    if (const Word area = MapAt((text + distance) & ~(kAreaBytes - 1), site)) return area;
  }
  return 0;
}

}  // namespace

Word TakeSlot(Word site, Word text) {
  for (int i = 0; i < g_count; ++i) {
    Area& area = g_areas[i];
    if (area.used < kSlots && Serves(area.start, site)) {
      return area.start + arch::kSlotBytes * area.used++;
    }
  }
  if (g_count == kAreas) return 0;
  const Word start = MapNear(site, text);
  if (start == 0) return 0;
  g_areas[g_count] = {start, 1};
  ++g_count;
  return start;
}

bool IsSlot(Word address) {
  for (const Area& area : g_areas) {
    if (area.start != 0 && address - area.start < kAreaBytes) return true;
  }
  return false;
}

}  // namespace abishim::patch

#include "shim/deliver/vdso.h"

#include <linux/elf.h>

#include "shim/image/segments.h"
#include "shim/start/objects.h"

namespace abishim::deliver {
namespace {

constexpr Word kGnuHash = 0x6ffffef5;  // DT_GNU_HASH

struct Tables {
  Word bias = 0;  // between where it was linked to and where it lies
  const Elf64_Sym* symbols = nullptr;
  const char* names = nullptr;
  const unsigned* hash = nullptr;      // {buckets, chains, ...}: as many chains as symbols
  const unsigned* gnu_hash = nullptr;  // {buckets, first symbol, bloom words, shift, ...}
};

// The addresses in it are as linked, not as mapped.
Tables ReadTables(const char* image) {
  const image::Segments segments = image::SegmentsAt(image);
  const Elf64_Phdr *load = segments.Find(PT_LOAD), *dynamic = segments.Find(PT_DYNAMIC);
  Tables tables;
  if (load == nullptr || dynamic == nullptr) return tables;
  tables.bias = reinterpret_cast<Word>(image) + load->p_offset - load->p_vaddr;
  const auto table = [&](Word tag) -> Word {
    const auto* at = reinterpret_cast<const Elf64_Dyn*>(image + dynamic->p_offset);
    const Elf64_Dyn* entry = start::FindTag(at, tag);
    return entry != nullptr ? tables.bias + entry->d_un.d_ptr : 0;
  };
  tables.symbols = reinterpret_cast<const Elf64_Sym*>(table(DT_SYMTAB));
  tables.names = reinterpret_cast<const char*>(table(DT_STRTAB));
  tables.hash = reinterpret_cast<const unsigned*>(table(DT_HASH));
  tables.gnu_hash = reinterpret_cast<const unsigned*>(table(kGnuHash));
  return tables;
}

// How many symbols there are. The newer table does not say it: its last chain ends with the last.
unsigned Count(const Tables& tables) {
  if (tables.hash != nullptr) return tables.hash[1];
  if (tables.gnu_hash == nullptr) return 0;
  const unsigned buckets = tables.gnu_hash[0], first = tables.gnu_hash[1];
  const unsigned* bucket = tables.gnu_hash + 4 + 2 * tables.gnu_hash[2];
  const unsigned* chain = bucket + buckets;
  unsigned last = 0;
  for (unsigned i = 0; i < buckets; ++i) last = bucket[i] > last ? bucket[i] : last;
  if (last < first) return 0;
  while ((chain[last - first] & 1) == 0) ++last;
  return last + 1;
}

bool IsEqual(const char* a, const char* b) {
  while (*a != '\0' && *a == *b) ++a, ++b;
  return *a == *b;
}

}  // namespace

Word FindInVdso(Word image, const char* name) {
  if (image == 0) return 0;
  const Tables tables = ReadTables(reinterpret_cast<const char*>(image));
  if (tables.symbols == nullptr || tables.names == nullptr) return 0;
  for (unsigned i = 0, count = Count(tables); i < count; ++i) {
    const Elf64_Sym& symbol = tables.symbols[i];
    if (symbol.st_shndx == SHN_UNDEF || !IsEqual(tables.names + symbol.st_name, name)) continue;
    return tables.bias + symbol.st_value;
  }
  return 0;
}

}  // namespace abishim::deliver

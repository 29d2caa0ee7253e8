#include "shim/deliver/vdso.h"

#include <linux/elf.h>

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
Tables ReadTables(Word image) {
  const auto& header = *reinterpret_cast<const Elf64_Ehdr*>(image);
  const auto* segment = reinterpret_cast<const Elf64_Phdr*>(image + header.e_phoff);
  const Elf64_Phdr *load = nullptr, *dynamic = nullptr;
  for (int i = 0; i < header.e_phnum; ++i, ++segment) {
    if (segment->p_type == PT_LOAD && load == nullptr) load = segment;
    if (segment->p_type == PT_DYNAMIC) dynamic = segment;
  }
  Tables tables;
  if (load == nullptr || dynamic == nullptr) return tables;
  tables.bias = image + load->p_offset - load->p_vaddr;
  const auto* entry = reinterpret_cast<const Elf64_Dyn*>(image + dynamic->p_offset);
  for (; entry->d_tag != DT_NULL; ++entry) {
    const Word at = tables.bias + entry->d_un.d_ptr;
    switch (static_cast<Word>(entry->d_tag)) {
      case DT_SYMTAB:
        tables.symbols = reinterpret_cast<const Elf64_Sym*>(at);
        break;
      case DT_STRTAB:
        tables.names = reinterpret_cast<const char*>(at);
        break;
      case DT_HASH:
        tables.hash = reinterpret_cast<const unsigned*>(at);
        break;
      case kGnuHash:
        tables.gnu_hash = reinterpret_cast<const unsigned*>(at);
        break;
      default:
        break;
    }
  }
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
  const Tables tables = ReadTables(image);
  if (tables.symbols == nullptr || tables.names == nullptr) return 0;
  for (unsigned i = 0, count = Count(tables); i < count; ++i) {
    const Elf64_Sym& symbol = tables.symbols[i];
    if (symbol.st_shndx == SHN_UNDEF || !IsEqual(tables.names + symbol.st_name, name)) continue;
    return tables.bias + symbol.st_value;
  }
  return 0;
}

}  // namespace abishim::deliver

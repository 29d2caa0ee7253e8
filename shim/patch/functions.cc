#include "shim/patch/functions.h"

#include <linux/elf.h>

#include "instruction.h"  // arch/ARCH
#include "shim/image/segments.h"

namespace abishim::patch {
namespace {

constexpr unsigned kUnwindTable = 0x6474e550;  // PT_GNU_EH_FRAME

template <class T>
const T* At(Word address) {
  return reinterpret_cast<const T*>(address);
}

struct Header {
  unsigned char version, frame_form, count_form, entry_form;
  int frame;
  unsigned count;
};
constexpr unsigned char kRelative = 0x1b, kCount = 0x03,
                        kTable = 0x3b;  // DW_EH_PE_*, as linkers do

struct Description {  // FDE
  unsigned length, common;
  int start;  // from here
  unsigned bytes;
};

}  // namespace

Functions::Functions(Word start, Readable* readable) : readable_(readable) {
  constexpr int kMost = 64;
  const auto* header = At<Elf64_Ehdr>(start);
  if (start == 0 || readable_(start, sizeof(*header)) < sizeof(*header)) return;
  const Word bytes = header->e_phnum * sizeof(Elf64_Phdr);
  if (__builtin_memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_phnum > kMost) return;
  if (readable_(start + header->e_phoff, bytes) < bytes) return;
  const auto segments = image::SegmentsAt(At<char>(start));
  const Elf64_Phdr *load = segments.Find(PT_LOAD), *table = segments.Find(kUnwindTable);
  if (load == nullptr || table == nullptr) return;
  Open(start - (load->p_vaddr - load->p_offset) + table->p_vaddr, table->p_memsz);
}

void Functions::Open(Word table, Word bytes) {
  table_ = table;
  if (bytes < sizeof(Header) || readable_(table_, bytes) < bytes) return;
  const auto& header = *At<Header>(table_);
  if (header.version != 1 || header.frame_form != kRelative || header.count_form != kCount) return;
  if (header.entry_form != kTable) return;
  if (header.count > (bytes - sizeof(Header)) / sizeof(Entry)) return;
  entries_ = At<Entry>(table_ + sizeof(Header));
  count_ = header.count;
}

// The last that begins there or before. (Functions of glibc that make threads end, for unwinders,
// a few instructions before their call.)
bool Functions::Find(Word at, Word* start, Word* end) const {
  Word low = 0, high = count_;
  const auto start_of = [this](Word i) { return table_ + static_cast<Word>(entries_[i].start); };
  while (low < high) {
    const Word middle = low + (high - low) / 2;
    start_of(middle) <= at ? low = middle + 1 : high = middle;
  }
  if (low == 0) return false;
  *start = start_of(low - 1);
  const Word description = table_ + static_cast<Word>(entries_[low - 1].description);
  if (readable_(description, sizeof(Description)) < sizeof(Description)) return false;
  const auto& found = *At<Description>(description);
  const Word field = description + __builtin_offsetof(Description, start);
  constexpr Word kBehind = 64;
  *end = *start + found.bytes + kBehind;
  if (low < count_ && start_of(low) < *end) *end = start_of(low);
  return field + static_cast<Word>(found.start) == *start && at < *end;
}

bool Functions::Begin(Word first, Word second) const {
  Word at, end;
  if (!Find(first, &at, &end) || second >= end || readable_(at, end - at) < end - at) return false;
  bool met = first == second;
  while (at < second) {
    met |= at == first;
    const int length = arch::Decode(At<unsigned char>(at), At<unsigned char>(end)).length;
    if (length == 0) return false;
    at += static_cast<Word>(length);
  }
  return met && at == second;
}

}  // namespace abishim::patch

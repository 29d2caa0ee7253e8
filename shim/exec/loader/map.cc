#include "shim/exec/loader/map.h"

#include <linux/errno.h>
#include <linux/mman.h>
#include <linux/personality.h>

#include "shim/image/image.h"
#include "shim/memory/host.h"

namespace abishim::exec {
namespace {

constexpr Word kTop = Word{1} << 47;  // the kernel's TASK_SIZE, one page less

long Mmap(Word at, Word bytes, int protection, int flags, long fd, Word offset) {
  return HostCall<"mmap">(at, bytes, protection, MAP_PRIVATE | flags, fd, offset);
}

bool Sound(const Elf64_Phdr& segment) {
  return segment.p_vaddr < kTop && segment.p_filesz <= segment.p_memsz && segment.p_memsz < kTop &&
         segment.p_vaddr + segment.p_memsz <= kTop;
}

struct Extent {
  Word first = ~Word{0}, end = 0, alignment = kPage;
  bool any() const { return end != 0; }
  Word bytes() const { return PageUp(end) - PageOf(first); }
};

long Measure(const Elf& elf, Extent* extent) {
  for (const Elf64_Phdr& segment : elf) {
    if (segment.p_type != PT_LOAD) continue;
    if (!Sound(segment)) return -EINVAL;
    if (segment.p_vaddr < extent->first) extent->first = segment.p_vaddr;
    const Word end = segment.p_vaddr + segment.p_memsz;
    if (end > extent->end) extent->end = end;
    const Word alignment = segment.p_align;
    const bool power = (alignment & (alignment - 1)) == 0;
    if (power && alignment > extent->alignment) extent->alignment = alignment;
  }
  return extent->any() ? 0 : -EINVAL;
}

// Room for the whole, left unmapped again: no one else is here to take it.
long FindRoom(Word bytes) {
  const long at = Mmap(0, bytes, PROT_NONE, MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (!IsError(at)) HostCall<"munmap">(at, bytes);
  return at;
}

// By a hint: before 4.17 there is no MAP_FIXED_NOREPLACE.
bool IsFree(Word at, Word bytes) {
  const long got = Mmap(at, bytes, PROT_NONE, MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (IsError(got)) return false;
  HostCall<"munmap">(got, bytes);
  return static_cast<Word>(got) == at;
}

// Not shortly before the heap of the kernel's making, which then could not grow.
bool LeavesHeap(Word at, Word bytes) {
  constexpr Word kHeap = Word{16} << 30;
  const Word heap = static_cast<Word>(HostCall<"brk">(0));
  return at + bytes <= heap || at > heap + kHeap;
}

// As the kernel aligns: downwards, and whatever the program asks for. Where that leads to what is
// taken, or to page 0, the program cannot be.
long DrawProgramPlace(const Extent& extent) {
  constexpr Word kAsk = 0xffffffff;
  const bool fixed = (HostCall<"personality">(kAsk) & ADDR_NO_RANDOMIZE) != 0;
  for (int tries = fixed ? 1 : 64; tries > 0; --tries) {
    const Word pages = image::RandomWord() & ((Word{1} << arch::kProgramRandomBits) - 1);
    const Word at = (arch::kProgramBase + (fixed ? 0 : pages * kPage)) & ~(extent.alignment - 1);
    const bool last = tries == 1;
    if ((last || LeavesHeap(at, extent.bytes())) && IsFree(at, extent.bytes())) {
      return static_cast<long>(at);
    }
  }
  return -EEXIST;
}

long FindPlace(const Extent& extent, Place place) {
  if (place == Place::kProgram) return DrawProgramPlace(extent);
  const long room = FindRoom(extent.bytes());
  if (IsError(room) || place == Place::kInterpreter) return room;
  const Word at = static_cast<Word>(room) & ~(extent.alignment - 1);
  if (at == static_cast<Word>(room) || IsFree(at, extent.bytes())) return static_cast<long>(at);
  if (at == 0) return -EEXIST;
  // Where the kernel maps, the vDSO is not yet above the room that it finds.
  const long wide = FindRoom(extent.bytes() + extent.alignment);
  if (IsError(wide)) return wide;
  return static_cast<long>((static_cast<Word>(wide) + extent.alignment - 1) &
                           ~(extent.alignment - 1));
}

// Fault-tolerant: the page may lie behind the end of the file.
bool Clear(Word from, Word to) {
  static constexpr char kZeros[256] = {};
  while (from < to) {
    const Word bytes = to - from < sizeof(kZeros) ? to - from : sizeof(kZeros);
    if (abishim_copy(reinterpret_cast<void*>(from), kZeros, bytes) != 0) return false;
    from += bytes;
  }
  return true;
}

long MapSegment(int fd, const Elf64_Phdr& segment, Word bias) {
  const int protection = image::Protection(segment);
  const Word at = bias + segment.p_vaddr, in_page = segment.p_vaddr % kPage;
  if (segment.p_filesz != 0) {
    const long mapped = Mmap(PageOf(at), PageUp(segment.p_filesz + in_page), protection, MAP_FIXED,
                             fd, segment.p_offset - in_page);
    if (IsError(mapped)) return mapped;
  }
  if (segment.p_memsz == segment.p_filesz) return 0;
  const Word file_end = at + segment.p_filesz, end = PageUp(at + segment.p_memsz);
  // Up to the end of the page: ld.so's first allocator uses the rest.
  const bool cleared = segment.p_filesz == 0 || Clear(file_end, PageUp(file_end));
  if (!cleared && (protection & PROT_WRITE) != 0) return -EFAULT;
  const Word more = segment.p_filesz == 0 ? PageOf(at) : PageUp(file_end);
  if (end <= more) return 0;
  const int anonymous = PROT_READ | PROT_WRITE | (protection & PROT_EXEC);
  const long mapped = Mmap(more, end - more, anonymous, MAP_FIXED | MAP_ANONYMOUS, -1, 0);
  return IsError(mapped) ? mapped : 0;
}

// MAP_FIXED replaces what is there: never us, nor the stack that we stand on.
bool Meets(const Elf64_Phdr& segment, Word bias) {
  const Word first = PageOf(bias + segment.p_vaddr);
  const Word end = PageUp(bias + segment.p_vaddr + segment.p_memsz);
  const Word image = image::OwnBase(), stack = PageOf(arch::Here());
  constexpr Word kStack = 64 * kPage;
  return (first < image + image::Size() && end > image) ||
         (first < stack + kStack && end > stack - kStack);
}

void Note(const Elf& elf, const Elf64_Phdr& segment, Mapped* mapped) {
  const Word at = mapped->bias + segment.p_vaddr, file_end = at + segment.p_filesz;
  const Word headers = elf.header.e_phoff - segment.p_offset;
  if (segment.p_offset <= elf.header.e_phoff && headers < segment.p_filesz) {
    mapped->headers = at + headers;
  }
  if ((segment.p_flags & PF_X) != 0) {
    if (mapped->code == 0 || at < mapped->code) mapped->code = at;
    if (file_end > mapped->code_end) mapped->code_end = file_end;
  }
  if (at > mapped->data) mapped->data = at;
  if (file_end > mapped->data_end) mapped->data_end = file_end;
  if (at + segment.p_memsz > mapped->end) mapped->end = at + segment.p_memsz;
}

}  // namespace

long MapElf(int fd, const Elf& elf, Place place, Mapped* mapped) {
  Extent extent;
  if (const long error = Measure(elf, &extent)) return error;
  if (!elf.fixed()) {
    const long at = FindPlace(extent, place);
    if (IsError(at)) return at;
    mapped->bias = static_cast<Word>(at) - PageOf(extent.first);
  }
  mapped->headers = mapped->bias;  // as in the kernel, where no segment holds them
  for (const Elf64_Phdr& segment : elf) {
    if (segment.p_type != PT_LOAD) continue;
    if (Meets(segment, mapped->bias)) return -EEXIST;
    if (const long error = MapSegment(fd, segment, mapped->bias)) return error;
    Note(elf, segment, mapped);
  }
  mapped->entry = mapped->bias + elf.header.e_entry;
  return mapped->entry < kTop ? 0 : -EINVAL;
}

}  // namespace abishim::exec

#include "shim/image/image.h"

#include <linux/elf.h>
#include <linux/fcntl.h>
#include <linux/mman.h>

#include "shim/image/segments.h"
#include "shim/memory/host.h"
#include "shim/memory/open.h"
#include "shim/memory/own.h"
#include "shim/memory/pages.h"

extern "C" {
// By the linker.
[[gnu::visibility("hidden")]] extern const char __ehdr_start[];
}

namespace abishim::image {
namespace {

using memory::kPage, memory::PageOf, memory::PageUp;

Segments Ours() { return SegmentsAt(__ehdr_start); }

// Not by HostCall: that asks a variable, which may be what is being mapped here.
long Mmap(Word at, Word bytes, int protection, int flags, int fd, Word offset) {
  return abishim_gate(NumberOf("mmap"), static_cast<long>(at), static_cast<long>(bytes), protection,
                      flags, fd, static_cast<long>(offset));
}

long OpenLibrary(const char* path) {
  const long fd = memory::OpenToRead(path);
  if (IsError(fd) || IsSelf(fd)) return fd;
  HostCall<"close">(fd);
  return -ESTALE;
}

// The file's part of one segment.
long MapSegment(const Elf64_Phdr& segment, Word base, long fd) {
  const Word start = PageOf(segment.p_vaddr), end = PageUp(segment.p_vaddr + segment.p_filesz);
  if (end == start) return 0;
  const int flags = MAP_PRIVATE | MAP_FIXED;
  if (fd >= 0) {
    return Mmap(base + start, end - start, Protection(segment), flags, static_cast<int>(fd),
                PageOf(segment.p_offset));
  }
  // Deleted or out of reach since it was mapped: the bytes of our own copy. What ld.so relocated in
  // it is relocated anew below.
  const long mapped =
      Mmap(base + start, end - start, Protection(segment), flags | MAP_ANONYMOUS, -1, 0);
  if (IsError(mapped)) return mapped;
  const void* bytes = __ehdr_start + start;
  if ((segment.p_flags & PF_W) == 0) return memory::Own().Write(base + start, bytes, end - start);
  __builtin_memcpy(reinterpret_cast<void*>(mapped), bytes, segment.p_filesz);
  return 0;
}

// What is in no file. All that stays writable is; where it is a segment of its own, the gap before
// that becomes part of it.
long MapZeros(const Elf64_Phdr& segment, Word base, Word gap) {
  const Word file_end = segment.p_vaddr + segment.p_filesz;
  const Word start = segment.p_filesz == 0 ? gap : PageUp(file_end);
  const Word end = PageUp(segment.p_vaddr + segment.p_memsz);
  if (segment.p_filesz != 0) {
    __builtin_memset(reinterpret_cast<void*>(base + file_end), 0, start - file_end);
  }
  if (start == end) return 0;
  return Mmap(base + start, end - start, Protection(segment),
              MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0);
}

// From the first or, where that is there already, from the second segment on.
long MapSegments(Word base, long fd, bool first) {
  Word end = 0;
  for (const Elf64_Phdr& segment : Ours()) {
    if (segment.p_type != PT_LOAD) continue;
    const bool wanted = first || end != 0;
    long error = wanted ? MapSegment(segment, base, fd) : 0;
    if (!IsError(error) && wanted && segment.p_memsz != segment.p_filesz) {
      error = MapZeros(segment, base, end);
    }
    if (IsError(error)) return error;
    end = PageUp(segment.p_vaddr + segment.p_memsz);
  }
  return 0;
}

Elf64_Dyn* Dynamic(Word base) {
  const Elf64_Phdr* segment = Ours().Find(PT_DYNAMIC);
  return segment != nullptr ? reinterpret_cast<Elf64_Dyn*>(base + segment->p_vaddr) : nullptr;
}

// glibc's ld.so turns the addresses in there into those of its copy.
void UndoDynamic(Word base) {
  Elf64_Dyn* dynamic = Dynamic(base);
  for (; dynamic != nullptr && dynamic->d_tag != DT_NULL; ++dynamic) {
    if (Contains(dynamic->d_un.d_ptr)) dynamic->d_un.d_ptr -= OwnBase();
  }
}

// The linker leaves relative relocations only (a test sees to it): each place gets base + addend.
void Relocate(Word base) {
  const Elf64_Dyn* dynamic = Dynamic(base);
  if (dynamic == nullptr) return;
  Word table = 0, bytes = 0;
  for (; dynamic->d_tag != DT_NULL; ++dynamic) {
    if (dynamic->d_tag == DT_RELA) table = base + dynamic->d_un.d_ptr;
    if (dynamic->d_tag == DT_RELASZ) bytes = dynamic->d_un.d_val;
  }
  for (Word at = table; at < table + bytes; at += sizeof(Elf64_Rela)) {
    // NOLINTNEXTLINE(clang-analyzer-core.NullDereference)
    const auto& relocation = *reinterpret_cast<const Elf64_Rela*>(at);
    const Word value = base + static_cast<Word>(relocation.r_addend);
    *reinterpret_cast<Word*>(base + relocation.r_offset) = value;
  }
}

long Seal(Word base) {
  const Elf64_Phdr* sealed = Ours().Find(PT_GNU_RELRO);
  if (sealed == nullptr) return 0;
  const Word start = PageOf(sealed->p_vaddr), end = PageUp(sealed->p_vaddr + sealed->p_memsz);
  return HostCall<"mprotect">(base + start, end - start, PROT_READ);
}

// Claims the range, all or nothing. By a hint: MAP_FIXED_NOREPLACE is ignored before 4.17, and may
// be trapped by a filter that is already in force.
long Claim(Word base, Word bytes = Size()) {
  const long got = Mmap(base, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (IsError(got)) return got;
  if (static_cast<Word>(got) == base) return 0;
  HostCall<"munmap">(got, bytes);
  return -EEXIST;
}

// The strictest of the segments: the filter tests the mask pages by their high bits.
Word Alignment() {
  Word alignment = kPage;
  for (const Elf64_Phdr& segment : Ours()) {
    if (segment.p_type == PT_LOAD && segment.p_align > alignment) alignment = segment.p_align;
  }
  return alignment;
}

long ClaimAnywhere() {
  Word random = RandomWord();
  const Word step = Alignment(), places = (kWindowEnd - kWindow - Size()) / step;
  for (int tries = 0; tries < 64; ++tries) {
    const Word base = kWindow + random % places * step;
    if (Claim(base) == 0) return static_cast<long>(base);
    random = random * 6364136223846793005 + 1442695040888963407;
  }
  return -EEXIST;
}

}  // namespace

int Protection(const Elf64_Phdr& segment) {
  return (segment.p_flags & PF_R ? PROT_READ : 0) | (segment.p_flags & PF_W ? PROT_WRITE : 0) |
         (segment.p_flags & PF_X ? PROT_EXEC : 0);
}

Word RandomWord() {
  Word random = 0;
  constexpr int kNonblock = 1;
  if (HostCall<"getrandom">(&random, sizeof(random), kNonblock) == sizeof(random)) return random;
  const long fd = memory::OpenToRead("/dev/urandom");
  if (!IsError(fd)) {
    HostCall<"read">(fd, &random, sizeof(random));
    HostCall<"close">(fd);
  }
  // What is left without either: where the kernel put us, and the time.
  return random ^ (OwnBase() >> 12) * 0x9e3779b97f4a7c15 ^ arch::CycleCounter();
}

Word OwnBase() { return reinterpret_cast<Word>(__ehdr_start); }

Word Size() {
  Word end = 0;
  for (const Elf64_Phdr& segment : Ours()) {
    if (segment.p_type == PT_LOAD) end = PageUp(segment.p_vaddr + segment.p_memsz);
  }
  return end;
}

bool Contains(Word address) { return address - OwnBase() < Size(); }

void RelocateSelf() { Relocate(OwnBase()); }

PartList Parts() {
  PartList list{};
  const Elf64_Phdr* sealed = Ours().Find(PT_GNU_RELRO);
  const Word sealed_end = sealed != nullptr ? PageUp(sealed->p_vaddr + sealed->p_memsz) : 0;
  const auto add = [&list](Word start, Word end, bool writable, bool executable) {
    if (start >= end || list.count == PartList::kMost) return;
    list.part[list.count++] = {OwnBase() + start, end - start, writable, executable};
  };
  for (const Elf64_Phdr& segment : Ours()) {
    if (segment.p_type != PT_LOAD) continue;
    const Word start = PageOf(segment.p_vaddr), end = PageUp(segment.p_vaddr + segment.p_memsz);
    const bool writable = (segment.p_flags & PF_W) != 0;
    // The linker may put what is sealed and what stays writable into one segment, or into two.
    const Word split = !writable || sealed_end > end ? end
                       : sealed_end > start          ? sealed_end
                                                     : start;
    add(start, split, false, (segment.p_flags & PF_X) != 0);
    add(split, end, true, false);
  }
  return list;
}

// Is anything there at all? Asked by calls that ld.so has made already: a sandbox that came through
// the exec may allow few others.
bool IsAt(Word base) {
  const long claimed = Claim(base, kPage);
  if (claimed == 0) HostCall<"munmap">(base, kPage);
  return claimed == -EEXIST && IsIdentity(reinterpret_cast<const char*>(base));
}

bool IsIdentity(const char* first) {
  return __builtin_memcmp(first, __ehdr_start, kIdentityBytes) == 0;
}

long Map(const char* library, Word base) {
  const long fd = OpenLibrary(library);
  const long mapped = MapFrom(fd, base);
  if (fd >= 0) HostCall<"close">(fd);
  return mapped;
}

long MapFrom(long fd, Word base) {
  const long claimed = base != 0 ? Claim(base) : ClaimAnywhere();
  if (IsError(claimed)) return claimed;
  if (base == 0) base = static_cast<Word>(claimed);
  long error = MapSegments(base, fd, true);
  if (!IsError(error)) {
    if (fd < 0) UndoDynamic(base);
    Relocate(base);
    error = Seal(base);
  }
  if (!IsError(error)) return static_cast<long>(base);
  HostCall<"munmap">(base, Size());
  return error;
}

long MapRest(int fd) {
  const Word base = OwnBase();
  const long error = MapSegments(base, fd, false);
  if (IsError(error)) return error;
  Relocate(base);
  return Seal(base);
}

bool IsSelf(long fd) {
  char first[kIdentityBytes];
  return HostCall<"pread64">(fd, first, sizeof(first), 0) == sizeof(first) && IsIdentity(first);
}

long WriteTo(long fd) {
  for (const Elf64_Phdr& segment : Ours()) {
    if (segment.p_type != PT_LOAD) continue;
    Word done = 0;
    while (done < segment.p_filesz) {
      const long wrote = HostCall<"pwrite64">(fd, __ehdr_start + segment.p_vaddr + done,
                                              segment.p_filesz - done, segment.p_offset + done);
      if (IsError(wrote)) return wrote;
      done += static_cast<Word>(wrote);
    }
  }
  return 0;
}

}  // namespace abishim::image

// The flat image: this library's own segments, mapped once more at the tree's base.
//
// The copy that ld.so made (or any other) only brings the image to life; handlers, gate, tables and
// state are those of the copy at the base, which the filter names and every process of the tree
// shares. Code pages come from the library's file, readable and executable from the start; function
// pointers lie in pages that are read-only once relocated. No page is ever writable and executable.
#pragma once

#include <linux/elf.h>

#include "tables/result.h"

namespace abishim::image {

// Bases are drawn in this window: free under glibc static and dynamic, PIE and not, Go, JVM heaps,
// the sanitizers and Wine. The image must end below kWindowEnd.
inline constexpr Word kWindow = 0x70000000, kWindowEnd = 0x7eff0000;

Word RandomWord();

Word OwnBase();               // where the running copy lies
Word Size();                  // of the mapped image, whole pages
bool Contains(Word address);  // in the running copy

// The same object in the copy at `base`.
template <class T>
T* At(Word base, T* here) {
  return reinterpret_cast<T*>(reinterpret_cast<Word>(here) - OwnBase() + base);
}

// The image once it is sealed, from its first page to its last. What is writable begins as zeros.
struct Part {
  Word start, bytes;
  bool writable, executable;
};
struct PartList {
  static constexpr int kMost = 8;
  Part part[kMost];
  int count;
  const Part* begin() const { return part; }
  const Part* end() const { return part + count; }
};
PartList Parts();

// Does an image like this one lie at `base`?
bool IsAt(Word base);

// PROT_* of a segment, ours or any program's.
int Protection(const Elf64_Phdr& segment);

// Maps the image at `base`, or at a random one when base is 0, from the library's file as long as
// it is that. Gives the base, or -errno.
long Map(const char* library, Word base);
// The same from an open file; a negative `fd`: from the running copy's memory.
long MapFrom(long fd, Word base);

// The rest of an image whose first segment, headers, code and constants, has been mapped from the
// file at its base: called in there, where nothing is relocated yet, nor writable.
long MapRest(int fd);

// Of a copy that the kernel mapped as a program, without ld.so: function pointers hold after this.
void RelocateSelf();

// A library's first bytes, by which it is known: its headers, and the build's id behind them
// (tests/image/link.sh).
inline constexpr Word kIdentityBytes = 1024;
bool IsIdentity(const char* first);
// Is this the file that the running copy was mapped from, or another copy of it?
bool IsSelf(long fd);
// Writes a library as good as the file that the running copy came from; all but its section table.
// The copy at the base can do so at any time: what it changes lies in no file (a test sees to it).
long WriteTo(long fd);

}  // namespace abishim::image

#include "shim/patch/exchange.h"

#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/stat.h>

#include "patch_site.h"  // arch/ARCH
#include "shim/memory/host.h"
#include "shim/patch/trampoline.h"
#include "shim/patch/vsyscall.h"

namespace abishim::patch {
namespace {

template <class T = char>
T* At(Word address) {
  return reinterpret_cast<T*>(address);
}

constexpr int kProtection = PROT_READ | PROT_EXEC;

long MapPage(Word at, int flags, long fd, Word offset) {
  return HostCall<"mmap">(at, kPage, kProtection, MAP_PRIVATE | flags, fd, offset);
}

// The file that the text was mapped from. On some file systems (overlayfs) the inode that the
// mapping shows is not the one that the file has: then the page has to be the same.
long OpenFile(const Text& text, bool* same_inode) {
  const long fd = HostCall<"openat">(AT_FDCWD, text.path,
                                     O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW, 0);
  if (IsError(fd)) return fd;
  arch::KernelStat stat;
  const bool regular = !IsError(HostCall<"fstat">(fd, &stat)) && S_ISREG(stat.mode);
  *same_inode = regular && stat.ino == text.inode;
  if (regular) return fd;
  HostCall<"close">(fd);
  return -ENOENT;
}

Word JumpOfOurs(Word page, Word i) {
  return i + arch::kJumpBytes <= kPage &&
                 IsSlot(arch::TargetOfJump(At<const unsigned char>(page + i), page + i))
             ? arch::kJumpBytes
             : 0;
}

// What differs first between the copy and the page is ours: how many bytes of it, from there; else
// 0.
Word BytesOfOurs(Word copy, Word page, Word i) {
  if (const Word jump = JumpOfOurs(page, i)) return jump;
  constexpr Word kAddressBytes[] = {8, 4};
  for (Word back = 0; back < 4 && back <= i; ++back) {
    const Word start = i - back;
    for (const Word bytes : kAddressBytes) {
      if (start + bytes <= kPage && IsPatchedAddress(At(copy + start), At(page + start), bytes))
        return bytes - back;
    }
  }
  return 0;
}

// Is the page the file's, but for what is ours?
bool IsSame(Word copy, Word page) {
  for (Word i = 0; i < kPage;) {
    const Word bytes = At(copy)[i] == At(page)[i] ? 1 : BytesOfOurs(copy, page, i);
    if (bytes == 0) return false;
    i += bytes;
  }
  return true;
}

// The copy becomes what the page is at this moment, but for these bytes. (Someone may have written
// there before: relocations in the text, a debugger, and we.)
bool Prepare(const memory::Own& own, Word copy, Word page, const Change* changes, int count) {
  if (own.Write(copy, At(page), kPage) != 0) return false;
  Word same = 0;  // so far the two are to be the same, or have been looked at
  for (const Change* change = changes; change < changes + count; ++change) {
    const Word offset = change->at - page;
    if (own.Write(copy + offset, change->bytes, change->count) != 0 ||
        __builtin_memcmp(At(copy + offset), change->bytes, change->count) != 0 ||
        __builtin_memcmp(At(copy + same), At(page + same), offset - same) != 0) {
      return false;
    }
    same = offset + change->count;
  }
  return __builtin_memcmp(At(copy + same), At(page + same), kPage - same) == 0;
}

// The kernel takes the old page out and puts the copy in, while no page fault of another thread
// gets through and no fork comes in between.
bool Replace(Word page, Word copy, long fd, Word offset) {
  const long moved = HostCall<"mremap">(copy, kPage, kPage, MREMAP_MAYMOVE | MREMAP_FIXED, page);
  if (static_cast<Word>(moved) == page) return true;
  HostCall<"munmap">(copy, kPage);
  // Out of memory in its midst, the old page may be gone. (By a hint: before 4.17 there is no
  // MAP_FIXED_NOREPLACE.)
  const long again = MapPage(page, 0, fd, offset);
  if (!IsError(again) && static_cast<Word>(again) != page) HostCall<"munmap">(again, kPage);
  return false;
}

}  // namespace

bool Exchange(const memory::Own& own, const Text& text, const Change* changes, int count) {
  const Word page = PageOf(changes->at), offset = text.offset + (page - text.start);
  bool same_inode = false;
  const long fd = OpenFile(text, &same_inode);
  if (IsError(fd)) return false;
  bool done = false;
  if (const long copy = MapPage(0, 0, fd, offset); !IsError(copy)) {
    const Word mapped = static_cast<Word>(copy);
    if ((same_inode || IsSame(mapped, page)) && Prepare(own, mapped, page, changes, count)) {
      done = Replace(page, mapped, fd, offset);
    } else {
      HostCall<"munmap">(mapped, kPage);
    }
  }
  HostCall<"close">(fd);
  return done;
}

}  // namespace abishim::patch

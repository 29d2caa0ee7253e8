// close_range(2), Linux 5.9, by a call for each descriptor; which there are tells /proc or, where
// that would need more than it saves, the size of the table.
#include <linux/close_range.h>
#include <linux/fcntl.h>
#include <linux/sched.h>
#include <linux/time_types.h>

#include "tables/kernel.h"
#include "tables/proc.h"
#include "tables/text.h"

namespace abishim::translate {
namespace {

constexpr Word kFew = 512;  // so many are tried out faster than listed
constexpr Word kScratch =
    32 << 10;  // bytes: one bit for each descriptor, or names from a directory
constexpr Word kMostBits = kScratch * 8;

struct Range {
  Word first, last;
  bool on_exec;  // mark instead of close
};

// As in the kernel, what close() has to say (EIO, say) is not told. EBADF just means: not open.
void CloseOne(const Kernel& kernel, const Range& range, Word fd) {
  if (range.on_exec) {
    kernel.Call<"fcntl">(fd, F_SETFD, FD_CLOEXEC);
  } else {
    kernel.Call<"close">(fd);
  }
}

// A power of two that no descriptor reaches; 0 if it is more than kMostBits. RLIMIT_NOFILE does not
// tell (it may have been lowered), but select does: it looks at as many bits as the table has room
// for and says EBADF for one that is set and not open. (poll would not do: an O_PATH descriptor is
// POLLNVAL to it.)
Word TableBound(const Kernel& kernel, Word* bits) {
  constexpr Word kWordBits = 8 * sizeof(Word);
  const auto is_open = [&](Word fd) { return !IsError(kernel.Call<"fcntl">(fd, F_GETFD)); };
  for (Word bound = 128; bound <= kMostBits; bound *= 2) {
    const Word fd = bound - 1;
    if (is_open(fd)) continue;
    for (Word i = 0; i < bound / kWordBits; ++i) bits[i] = 0;
    bits[fd / kWordBits] = Word{1} << (fd % kWordBits);
    __kernel_timespec at_once{};
    const long result = kernel.Call<"pselect6">(bound, bits, 0, 0, &at_once, 0);
    if (result == -EBADF || is_open(fd)) continue;
    return IsError(result) ? 0 : bound;
  }
  return 0;
}

// The directory of this thread's own table, open; or -errno. A /proc of another pid namespace may
// show anybody's: this one lists itself.
long OpenListing(const Kernel& kernel) {
  char path[64];
  *text::Append(AppendTask(kernel, path), "/fd") = '\0';
  const long fd =
      kernel.Call<"openat">(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW, 0);
  if (IsError(fd)) return fd;
  arch::KernelStat self, listed;
  *text::Append(path, static_cast<Word>(fd)) = '\0';
  if (!IsError(kernel.Call<"fstat">(fd, &self)) &&
      !IsError(kernel.Call<"newfstatat">(fd, path, &listed, 0)) && self.dev == listed.dev &&
      self.ino == listed.ino) {
    return fd;
  }
  kernel.Call<"close">(fd);
  return -ENOENT;
}

struct Entry {  // what getdents64 gives
  unsigned long ino;
  long off;
  unsigned short size;
  unsigned char type;
  char name[];
};
static_assert(__builtin_offsetof(Entry, name) == 19);

bool CloseListed(const Kernel& kernel, const Range& range, char* scratch) {
  const long listing = OpenListing(kernel);
  if (IsError(listing)) return false;
  long got;
  while ((got = kernel.Call<"getdents64">(listing, scratch, kScratch)) > 0) {
    for (long at = 0; at < got;) {
      const Entry* entry = reinterpret_cast<const Entry*>(scratch + at);
      at += entry->size;
      Word fd = 0;
      const char* digit = entry->name;
      while (*digit >= '0' && *digit <= '9') fd = fd * 10 + (*digit++ - '0');
      if (digit == entry->name || fd == static_cast<Word>(listing)) continue;  // "." and ".."
      if (fd >= range.first && fd <= range.last) CloseOne(kernel, range, fd);
    }
  }
  kernel.Call<"close">(listing);
  return got == 0;
}

// Whether CloseListed will do: asked before anything has happened.
bool CanList(const Kernel& kernel) {
  const long listing = OpenListing(kernel);
  if (IsError(listing)) return false;
  kernel.Call<"close">(listing);
  return true;
}

}  // namespace

// Refused with ENOSYS, before anything has happened: a table of more than 262,144 descriptors
// without a /proc that lists them; CLOSE_RANGE_UNSHARE where a profile denies unshare.
Result close_range(Kernel& kernel, const Args& args) {
  const unsigned flags = args.Uint(2);
  if ((flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC)) != 0) return -EINVAL;
  Range range{args.Uint(0), args.Uint(1), (flags & CLOSE_RANGE_CLOEXEC) != 0};
  if (range.first > range.last) return -EINVAL;

  alignas(Word) char scratch[kScratch];
  bool bounded = true;
  if (range.last - range.first >= kFew) {
    const Word bound = TableBound(kernel, reinterpret_cast<Word*>(scratch));
    bounded = bound != 0;
    if (bounded && range.last >= bound) range.last = bound - 1;
    if (!bounded && !CanList(kernel)) return -ENOSYS;
  }
  if ((flags & CLOSE_RANGE_UNSHARE) != 0) {
    const long error = kernel.Call<"unshare">(CLONE_FILES);
    if (IsError(error)) return error == -EPERM ? -ENOSYS : error;
  }
  if (range.first > range.last) return 0;
  const bool many = !bounded || range.last - range.first >= kFew;
  if (many && CloseListed(kernel, range, scratch)) return 0;
  if (!bounded) return -ENOSYS;
  for (Word fd = range.first; fd <= range.last; ++fd) CloseOne(kernel, range, fd);
  return 0;
}

}  // namespace abishim::translate

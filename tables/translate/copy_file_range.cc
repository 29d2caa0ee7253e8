// copy_file_range(2), Linux 4.5, by pread64 and pwrite64. The checks are those of 5.19 and later,
// in their order.
#include <asm/resource.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/stat.h>

#include "tables/kernel.h"

namespace abishim::translate {
namespace {

constexpr Word kPage = 4096;
constexpr Word kBuffer = 32 << 10;
// A call may copy less than asked, and callers go on. While we copy, signals wait.
constexpr Word kMost = 4 << 20;

// Both sides have this.
struct Side {
  int fd;
  Word pointer;   // of the program's offset; null: the file's own position counts
  long position;  // from either
  long flags;
  arch::KernelStat stat;
};

// The descriptor, as far as EBADF goes for any use: one of O_PATH is none.
bool IsOpen(const Kernel& kernel, Side* side) {
  side->flags = kernel.Call<"fcntl">(side->fd, F_GETFL);
  return !IsError(side->flags) && (side->flags & O_PATH) == 0;
}

bool GetPosition(const Kernel& kernel, Side* side) {
  if (side->pointer != 0) return kernel.CopyIn(side->pointer, &side->position);
  side->position = kernel.Call<"lseek">(side->fd, 0, SEEK_CUR);
  return true;
}

bool SetPosition(const Kernel& kernel, const Side& side, long position) {
  if (side.pointer != 0) return kernel.CopyOut(side.pointer, position);
  kernel.Call<"lseek">(side.fd, position, SEEK_SET);
  return true;
}

bool May(const Side& side, int what) {
  const long mode = side.flags & O_ACCMODE;
  return mode == what || mode == O_RDWR;
}

// What has to be told about the two files whatever the range is.
long CheckFiles(const Kernel& kernel, const Side& in, const Side& out) {
  if (S_ISDIR(in.stat.mode) || S_ISDIR(out.stat.mode)) return -EISDIR;
  if (!S_ISREG(in.stat.mode) || !S_ISREG(out.stat.mode)) return -EINVAL;
  if (!May(in, O_RDONLY) || !May(out, O_WRONLY) || (out.flags & O_APPEND) != 0) return -EBADF;
  if (in.stat.dev != out.stat.dev) return -EXDEV;
  int attributes = 0;
  if (!IsError(kernel.Call<"ioctl">(out.fd, FS_IOC_GETFLAGS, &attributes)) &&
      (attributes & FS_IMMUTABLE_FL) != 0) {
    return -EPERM;
  }
  return 0;
}

// Shortens the range to what there is to read and may be written.
long CheckRange(const Kernel& kernel, const Side& in, const Side& out, Word* count) {
  const Word from = in.position, to = out.position;
  if (from + *count < from || to + *count < to) return -EOVERFLOW;
  if (in.position >= in.stat.size) {
    *count = 0;
  } else if (*count > in.stat.size - from) {
    *count = in.stat.size - from;
  }
  struct {
    Word soft, hard;
  } limit;
  if (!IsError(kernel.Call<"getrlimit">(RLIMIT_FSIZE, &limit)) &&
      limit.soft != static_cast<Word>(RLIM_INFINITY)) {
    const long most = static_cast<long>(limit.soft);
    // The write that sends SIGXFSZ; there is nothing at null that it could write.
    if (out.position >= most) return kernel.Call<"pwrite64">(out.fd, nullptr, 1, most);
    if (*count > most - to) *count = most - to;
  }
  constexpr long kEnd = 0x7fff'ffff'ffff'ffff;  // no file system goes further
  if (out.position == kEnd) return -EFBIG;
  if (out.position >= 0 && *count > kEnd - to) *count = kEnd - to;
  const bool same = in.stat.ino == out.stat.ino;  // and on the same device
  if (same && to + *count > from && to < from + *count) return -EINVAL;
  if (in.position < 0 || out.position < 0) return -EINVAL;
  return 0;
}

// How much was copied, or the error of the very first byte.
long Copy(const Kernel& kernel, const Side& in, const Side& out, Word count) {
  char room[kBuffer + kPage];
  // Aligned, and in whole pages: either may be O_DIRECT. (alignas would take two more pages.)
  const Word buffer = (reinterpret_cast<Word>(room) + kPage - 1) / kPage * kPage;
  Word done = 0;
  while (done < count) {
    const Word want = count - done < kBuffer ? count - done : kBuffer;
    const Word pages = (want + kPage - 1) / kPage * kPage;
    long got = kernel.Call<"pread64">(in.fd, buffer, pages, in.position + done);
    if (got > static_cast<long>(want)) got = static_cast<long>(want);
    const long put =
        got > 0 ? kernel.Call<"pwrite64">(out.fd, buffer, got, out.position + done) : got;
    if (put > 0) done += put;
    if (put <= 0 || put < got) return done != 0 ? static_cast<long>(done) : put;
  }
  return static_cast<long>(done);
}

}  // namespace

// Not seen from here, and not refused: a swap file as the source (ETXTBSY); a target position
// beyond what the file system can hold when there is nothing to copy (EFBIG, here 0).
Result copy_file_range(Kernel& kernel, const Args& args) {
  if (kernel.HostHasCall()) {
    const long result =
        kernel.Call<"copy_file_range">(args[0], args[1], args[2], args[3], args[4], args[5]);
    if (result != -ENOSYS) return result;
  }
  Side in{args.Int(0), args[1], 0, 0, {}}, out{args.Int(2), args[3], 0, 0, {}};
  if (!IsOpen(kernel, &in) || !IsOpen(kernel, &out)) return -EBADF;
  if (!GetPosition(kernel, &in) || !GetPosition(kernel, &out)) return -EFAULT;
  if (args.Uint(5) != 0) return -EINVAL;
  for (Side* side : {&in, &out}) {
    if (const long error = kernel.Call<"fstat">(side->fd, &side->stat)) return error;
  }
  Word count = args[4];
  if (const long error = CheckFiles(kernel, in, out)) return error;
  if (const long error = CheckRange(kernel, in, out, &count)) return error;
  const long done = Copy(kernel, in, out, count < kMost ? count : kMost);
  if (done <= 0) return done;
  const bool in_set = SetPosition(kernel, in, in.position + done);
  const bool out_set = SetPosition(kernel, out, out.position + done);
  return in_set && out_set ? done : -EFAULT;
}

}  // namespace abishim::translate

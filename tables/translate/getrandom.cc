// getrandom(2), Linux 3.17, by /dev/urandom and /dev/random. Who cannot open these, in a chroot or
// a sandbox, gets it by a descriptor of /dev/urandom that the program has,
// /proc/sys/kernel/random/uuid, Linux 2.4, or a generator whose key the device gave while it could
// be opened.
#include <asm/statfs.h>
#include <linux/fcntl.h>
#include <linux/magic.h>
#include <linux/poll.h>
#include <linux/random.h>
#include <linux/stat.h>
#include <linux/time_types.h>

#include "tables/kernel.h"
#include "tables/translate/generator.h"

namespace abishim::translate {
namespace {

constexpr Word kAtomic = 256;       // a read of up to so many bytes is never cut short
constexpr Word kMost = 33'554'431;  // what the call itself gives at most before Linux 5.18
constexpr int kReadOnly = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW;

constexpr unsigned kMemory = 1, kRandom = 8, kUrandom = 9;  // device numbers

[[gnu::noinline]] bool IsDevice(const Kernel& kernel, long fd, unsigned minor) {
  arch::KernelStat stat;
  return !IsError(kernel.Call<"fstat">(fd, &stat)) && S_ISCHR(stat.mode) &&
         stat.rdev == (kMemory << 8 | minor);
}

// The device, or -errno: a file of that name in somebody's chroot is no source of randomness.
long OpenDevice(const Kernel& kernel, const char* path, unsigned minor) {
  const long fd = kernel.Call<"openat">(AT_FDCWD, path, kReadOnly, 0);
  if (IsError(fd) || IsDevice(kernel, fd, minor)) return fd;
  kernel.Call<"close">(fd);
  return -ENODEV;
}

bool IsReadable(const Kernel& kernel, long fd) {
  const long flags = kernel.Call<"fcntl">(fd, F_GETFL);
  return !IsError(flags) && (flags & O_PATH) == 0 && (flags & O_ACCMODE) != O_WRONLY;
}

// Who goes where no device is, an empty chroot or a sandbox, and means to go on, has one open
// (Chromium's processes do). A copy of its descriptor, since another thread may close it and open
// something else; -ENODEV where there is none.
long BorrowDevice(const Kernel& kernel) {
  constexpr long kSearched = 64;
  for (long fd = 0; fd < kSearched; ++fd) {
    if (!IsDevice(kernel, fd, kUrandom) || !IsReadable(kernel, fd)) continue;
    const long copy = kernel.Call<"fcntl">(fd, F_DUPFD_CLOEXEC, 0);
    if (IsError(copy) || IsDevice(kernel, copy, kUrandom)) return copy;
    kernel.Call<"close">(copy);
  }
  return -ENODEV;
}

// Straight into the program's buffer, so that it is the kernel that meets a bad pointer.
long ReadDevice(const Kernel& kernel, long fd, Word buffer, Word length) {
  Word done = 0;
  for (;;) {
    const long got = kernel.Call<"read">(fd, buffer + done, length - done);
    if (got == -EINTR && length <= kAtomic) continue;  // before 3.17 a signal may end any read
    if (got > 0) done += got;
    if (got > 0 && length <= kAtomic && done < length) continue;
    return done != 0 ? static_cast<long>(done) : got;
  }
}

int Hex(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return -1;
}

// Two of a UUID's 16 bytes hold its version and variant. The others are random.
constexpr int kRandomInUuid = 14;
struct Uuid {
  unsigned char bytes[kRandomInUuid];
};

bool ReadUuid(const Kernel& kernel, long fd, Uuid* uuid) {
  constexpr int kLength = 36, kVersion = 14, kVariant = 19;
  char text[kLength + 1];
  if (kernel.Call<"pread64">(fd, text, sizeof(text), 0) < kLength) return false;
  if (text[kVersion] != '4') return false;
  int done = 0;
  for (int i = 0; i + 1 < kLength && done < kRandomInUuid; i += 2) {
    if (text[i] == '-') ++i;
    if (i == kVersion || i == kVariant) continue;
    const int high = Hex(text[i]), low = Hex(text[i + 1]);
    if (high < 0 || low < 0) return false;
    uuid->bytes[done++] = static_cast<unsigned char>(high << 4 | low);
  }
  return done == kRandomInUuid;
}

// (Not inlined: each of these has its buffers on the stack, one after another that way.)
// A true /proc, and a file that says something new each time it is read: boot_id does not.
[[gnu::noinline]] bool IsFreshUuid(const Kernel& kernel, long fd) {
  struct statfs fs;
  if (IsError(kernel.Call<"fstatfs">(fd, &fs)) || fs.f_type != PROC_SUPER_MAGIC) return false;
  Uuid one, two;
  if (!ReadUuid(kernel, fd, &one) || !ReadUuid(kernel, fd, &two)) return false;
  for (int i = 0; i < kRandomInUuid; ++i) {
    if (one.bytes[i] != two.bytes[i]) return true;
  }
  return false;
}

[[gnu::noinline]] long FromUuids(const Kernel& kernel, Word buffer, Word length) {
  constexpr Word kMostUuids = 4096;  // a call for each 14 bytes: more would keep signals waiting
  const long fd = kernel.Call<"openat">(AT_FDCWD, "/proc/sys/kernel/random/uuid", kReadOnly, 0);
  if (IsError(fd)) return -ENOSYS;
  long result = IsFreshUuid(kernel, fd) ? 0 : -ENOSYS;
  if (length > kMostUuids) length = kMostUuids;
  for (Word done = 0; result >= 0 && done < length; result = static_cast<long>(done)) {
    Uuid uuid;
    if (!ReadUuid(kernel, fd, &uuid)) {
      if (done == 0) result = -ENOSYS;
      break;
    }
    const Word want = length - done < sizeof(uuid) ? length - done : sizeof(uuid);
    const Word copied = kernel.CopyOutSome(buffer + done, &uuid, want);
    done += copied;
    if (copied < want) {
      result = done != 0 ? static_cast<long>(done) : -EFAULT;
      break;
    }
  }
  kernel.Call<"close">(fd);
  return result;
}

// Each process makes its own, with the first bytes that it asks for: a fork child has not its
// parent's (Host::alone), so no two give the same, and no child that was taken over knows what its
// parent gets.
void SeedGenerator(const Kernel& kernel, long device) {
  if (const Word there = kernel.Alone(false)) {
    if (reinterpret_cast<Generator*>(there)->IsSeeded()) return;
  }
  Generator::Key seed;
  if (kernel.Call<"read">(device, seed, sizeof(seed)) != sizeof(seed)) return;
  if (const Word place = kernel.Alone(true)) reinterpret_cast<Generator*>(place)->Seed(seed);
  ChaCha::Wipe(seed);
}

[[gnu::noinline]] long FromGenerator(const Kernel& kernel, Word buffer, Word length) {
  constexpr Word kMostGenerated = 256 * 1024;  // a millisecond: more would keep signals waiting
  Generator::Key key;
  const Word place = kernel.Alone(false);
  if (place == 0 || !reinterpret_cast<Generator*>(place)->Take(key)) return -ENOSYS;
  ChaCha stream(key);
  ChaCha::Wipe(key);
  if (length > kMostGenerated) length = kMostGenerated;
  std::uint32_t block[ChaCha::kBlock];
  Word done = 0;
  while (done < length) {
    stream.Next(block);
    const Word want = length - done < sizeof(block) ? length - done : sizeof(block);
    const Word copied = kernel.CopyOutSome(buffer + done, block, want);
    done += copied;
    if (copied < want) break;
  }
  ChaCha::Wipe(block);
  return done == 0 && length != 0 ? -EFAULT : static_cast<long>(done);
}

}  // namespace

// Lost: a pool that was never seeded (the first moments after boot) gives bytes instead of making
// the caller wait or EAGAIN: an older kernel does not tell. A process that never could open a
// device gets ENOSYS, after which callers turn to the devices themselves.
Result getrandom(Kernel& kernel, const Args& args) {
  const unsigned flags = args.Uint(2);
  if ((flags & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE)) != 0) return -EINVAL;
  const bool random = (flags & GRND_RANDOM) != 0;
  if (random && (flags & GRND_INSECURE) != 0) return -EINVAL;
  const Word length = args[1] < kMost ? args[1] : kMost;

  long fd = random ? OpenDevice(kernel, "/dev/random", kRandom)
                   : OpenDevice(kernel, "/dev/urandom", kUrandom);
  if (IsError(fd)) {
    if (random) return -ENOSYS;
    fd = BorrowDevice(kernel);
  }
  if (IsError(fd)) {
    const long result = FromUuids(kernel, args[0], length);
    return result == -ENOSYS ? FromGenerator(kernel, args[0], length) : result;
  }
  const long result = ReadDevice(kernel, fd, args[0], length);
  if (!random && !IsError(result)) SeedGenerator(kernel, fd);
  const bool wait = result == -EAGAIN && (flags & GRND_NONBLOCK) == 0;
  if (wait) {
    // Before 5.6 /dev/random runs dry. Wait a little, let signals in, and begin again.
    __kernel_timespec slice{0, 10'000'000};
    pollfd pool{static_cast<int>(fd), POLLIN, 0};
    kernel.Call<"ppoll">(&pool, 1, &slice, 0, 0);
  }
  kernel.Call<"close">(fd);
  if (wait) return kernel.Reexecute<"getrandom">(args[0], args[1], args[2]);
  return result;
}

}  // namespace abishim::translate

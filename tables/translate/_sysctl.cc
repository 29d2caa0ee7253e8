// sysctl(2), gone since 5.5: what it named is a file below /proc/sys, whose text it gave and took
// in binary. As the last kernels with it did that themselves, errnos and oddities are theirs
// (kernel/sysctl_binary.c of 2.6.33 to 5.4): a negative number reads as 0, an unknown name is
// ENOTDIR, what may not be written EACCES. Writing ends in the kernel's own checks of the file.
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/if.h>
#include <linux/sockios.h>

#include "tables/kernel.h"
#include "tables/text.h"
#include "tables/translate/sysctl_names.h"

namespace abishim::translate {
namespace {

using namespace sysctl;

constexpr Word kTextBytes = 256;  // of a file of numbers the kernel looked at no more
constexpr Word kPathBytes = 128;

struct Values {
  Word old, old_bytes, now, now_bytes;
  bool reads() const { return old != 0 && old_bytes != 0; }
  bool writes() const { return now != 0 && now_bytes != 0; }
};

char* Append(char* end, const char* text) {
  while (*text != '\0') *end++ = *text++;
  *end = '\0';
  return end;
}

// What `number` means in a folder; null: nothing.
const Name* Find(Folder in, int number) {
  for (const Name& name : kNames) {
    if (name.in == in && (name.number == number || name.number == kAnyInterface)) return &name;
  }
  return nullptr;
}

// The name of a network interface; false: there is none of this number.
bool NameInterface(const Kernel& kernel, int number, char* to) {
  constexpr int kInet = 2, kDatagram = 2;  // AF_INET, SOCK_DGRAM
  const long fd = kernel.Call<"socket">(kInet, kDatagram | O_CLOEXEC, 0);
  if (IsError(fd)) return false;
  struct ifreq request;
  __builtin_memset(&request, 0, sizeof(request));
  request.ifr_ifru.ifru_ivalue = number;
  const long error = kernel.Call<"ioctl">(fd, SIOCGIFNAME, &request);
  kernel.Call<"close">(fd);
  if (IsError(error)) return false;
  __builtin_memcpy(to, request.ifr_ifrn.ifrn_name, IFNAMSIZ);
  to[IFNAMSIZ] = '\0';
  return true;
}

// Writes the path that the numbers lead to, and what kind of file is there; or -ENOTDIR.
long NameFile(const Kernel& kernel, const int* numbers, int count, char* path, Kind* kind) {
  char* end = Append(path, "/proc/sys");
  Folder in = kRoot;
  for (int i = 0; i < count; ++i) {
    const Name* name = Find(in, numbers[i]);
    if (name == nullptr) return -ENOTDIR;
    char interface[IFNAMSIZ + 1] = {};
    const bool any = name->number == kAnyInterface;
    if (any && !NameInterface(kernel, numbers[i], interface)) return -ENOTDIR;
    end = Append(Append(end, "/"), any ? interface : name->text);
    if (name->kind == kFolder) {
      in = name->child;
      continue;
    }
    *kind = name->kind;
    return 0;  // the kernel did not mind further numbers
  }
  return -ENOTDIR;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
int HexDigit(char c) {
  if (IsDigit(c)) return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// Both give how many bytes of `old` were filled, or -errno.
long Text(const Kernel& kernel, long fd, const Values& v) {
  long copied = 0;
  if (v.reads()) {
    copied = kernel.Call<"pread64">(fd, v.old, v.old_bytes, 0);
    if (IsError(copied)) return copied;
    const Word last = v.old + static_cast<Word>(copied) - 1;
    char c = '\0';
    if (copied > 0 && !kernel.CopyIn(last, &c)) return -EFAULT;
    if (c == '\n') {
      if (!kernel.CopyOut(last, '\0')) return -EFAULT;
      --copied;
    }
  }
  if (v.writes()) {
    const long written = kernel.Call<"pwrite64">(fd, v.now, v.now_bytes, 0);
    if (IsError(written)) return written;
  }
  return copied;
}

template <class Number>
long ReadNumbers(const Kernel& kernel, long fd, const Values& v) {
  char text[kTextBytes];
  const long got = kernel.Call<"pread64">(fd, text, sizeof(text) - 1, 0);
  if (IsError(got)) return got;
  text[got] = '\0';
  const char* at = text;
  const Word room = v.old_bytes / sizeof(Number);
  long copied = 0;
  for (Word i = 0; i < room; ++i) {
    Word value = 0;
    for (; IsDigit(*at); ++at) value = value * 10 + static_cast<Word>(*at - '0');
    while (IsBlank(*at)) ++at;
    if (!kernel.CopyOut(v.old + i * sizeof(Number), static_cast<Number>(value))) return -EFAULT;
    copied += sizeof(Number);
    if (!IsDigit(*at)) break;
  }
  return copied;
}

template <class Number>
long WriteNumbers(const Kernel& kernel, long fd, const Values& v) {
  char text[kTextBytes];
  Word length = 0;
  const Word count = v.now_bytes / sizeof(Number);
  for (Word i = 0; i < count; ++i) {
    Number number;
    if (!kernel.CopyIn(v.now + i * sizeof(Number), &number)) return -EFAULT;
    char digits[24];
    const char* end = text::Append(digits, static_cast<Word>(number));
    for (const char* c = digits; c < end && length < sizeof(text) - 1; ++c) text[length++] = *c;
    if (length < sizeof(text) - 1) text[length++] = '\t';
  }
  return kernel.Call<"pwrite64">(fd, text, length, 0);
}

template <class Number>
long Numbers(const Kernel& kernel, long fd, const Values& v) {
  const long copied = v.reads() ? ReadNumbers<Number>(kernel, fd, v) : 0;
  if (IsError(copied) || !v.writes()) return copied;
  const long written = WriteNumbers<Number>(kernel, fd, v);
  return IsError(written) ? written : copied;
}

// Is not written.
long Uuid(const Kernel& kernel, long fd, const Values& v) {
  if (!v.reads()) return 0;
  char text[40] = {};
  const long got = kernel.Call<"pread64">(fd, text, sizeof(text) - 1, 0);
  if (IsError(got)) return got;
  unsigned char uuid[16];
  const char* at = text;
  for (unsigned char& byte : uuid) {
    const int high = HexDigit(at[0]), low = high < 0 ? -1 : HexDigit(at[1]);
    if (low < 0) return -EIO;
    byte = static_cast<unsigned char>(high << 4 | low);
    at += at[2] == '-' ? 3 : 2;
  }
  const Word bytes = v.old_bytes < sizeof(uuid) ? v.old_bytes : sizeof(uuid);
  return kernel.CopyOut(v.old, uuid, bytes) ? static_cast<long>(bytes) : -EFAULT;
}

long Convert(const Kernel& kernel, Kind kind, long fd, const Values& v) {
  switch (kind) {
    case kText:
      return Text(kernel, fd, v);
    case kInts:
      return Numbers<unsigned>(kernel, fd, v);
    case kLongs:
      return Numbers<Word>(kernel, fd, v);
    default:
      return Uuid(kernel, fd, v);
  }
}

long ReadAndWrite(const Kernel& kernel, const __sysctl_args& call, Word old_bytes) {
  if (call.nlen < 0 || call.nlen > CTL_MAXNAME) return -ENOTDIR;
  int numbers[CTL_MAXNAME] = {};
  const Word bytes = static_cast<Word>(call.nlen) * sizeof(int);
  if (!kernel.CopyIn(reinterpret_cast<Word>(call.name), numbers, bytes)) return -EFAULT;
  char path[kPathBytes];
  Kind kind;
  long error = NameFile(kernel, numbers, call.nlen, path, &kind);
  if (IsError(error)) return error;
  const Values values{reinterpret_cast<Word>(call.oldval), old_bytes,
                      reinterpret_cast<Word>(call.newval), call.newlen};
  if (!values.reads() && !values.writes()) return 0;
  const int flags = !values.writes() ? O_RDONLY : values.reads() ? O_RDWR : O_WRONLY;
  const long fd = kernel.Call<"openat">(AT_FDCWD, path, flags | O_CLOEXEC, 0);
  if (IsError(fd)) return fd;
  error = Convert(kernel, kind, fd, values);
  kernel.Call<"close">(fd);
  return error;
}

}  // namespace

Result _sysctl(Kernel& kernel, const Args& args) {
  __sysctl_args call;
  Word old_bytes = 0;
  if (!kernel.CopyIn(args[0], &call)) return -EFAULT;
  if (call.oldval != nullptr && call.oldlenp == nullptr) return -EFAULT;
  const Word length_at = reinterpret_cast<Word>(call.oldlenp);
  if (length_at != 0 && !kernel.CopyIn(length_at, &old_bytes)) return -EFAULT;
  long result = ReadAndWrite(kernel, call, old_bytes);
  if (result >= 0) {
    old_bytes = static_cast<Word>(result);
    result = 0;
  }
  // Also after an error: then what stood there.
  if (length_at != 0 && !kernel.CopyOut(length_at, old_bytes)) return -EFAULT;
  return result;
}

}  // namespace abishim::translate

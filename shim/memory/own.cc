#include "shim/memory/own.h"

#include <linux/errno.h>
#include <linux/fcntl.h>

#include "shim/memory/host.h"

namespace abishim::memory {

Own::Own()
    : fd_(HostCall<"openat">(AT_FDCWD, "/proc/self/mem", O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0)) {}

Own::~Own() {
  if (!IsError(fd_)) HostCall<"close">(fd_);
}

long Own::Write(Word at, const void* bytes, Word size) const {
  if (IsError(fd_)) return fd_;
  const long done = HostCall<"pwrite64">(fd_, bytes, size, at);
  return IsError(done) ? done : done == static_cast<long>(size) ? 0 : -EIO;
}

}  // namespace abishim::memory

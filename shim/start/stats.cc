#include "shim/start/stats.h"

#include <linux/fcntl.h>
#include <linux/mman.h>

#include "abi.h"  // arch/ARCH
#include "shim/memory/host.h"

namespace abishim::start {

Stats* MapStats(const char* path) {
  if (path[0] == '\0') return nullptr;
  const long fd = HostCall<"openat">(AT_FDCWD, path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (IsError(fd)) return nullptr;
  arch::KernelStat stat;
  long at = HostCall<"fstat">(fd, &stat);
  if (!IsError(at) && stat.size < static_cast<long>(sizeof(Stats))) at = -EINVAL;
  if (!IsError(at)) {
    at = HostCall<"mmap">(0, sizeof(Stats), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  }
  HostCall<"close">(fd);
  if (IsError(at)) return nullptr;
  auto* stats = reinterpret_cast<Stats*>(at);
  if (stats->IsOurs()) return stats;
  HostCall<"munmap">(at, sizeof(Stats));
  return nullptr;
}

}  // namespace abishim::start

// prlimit64(2), Linux 2.6.36, by getrlimit(2) and setrlimit(2); limits of another process are read
// from /proc/PID/limits, Linux 2.6.24.
#include <linux/capability.h>
#include <linux/fcntl.h>

#include "tables/kernel.h"
#include "tables/text.h"

namespace abishim::translate {
namespace {

struct Limit {  // struct rlimit64; where a register has 64 bits, also struct rlimit
  unsigned long long soft, hard;
};
static_assert(sizeof(Word) == 8, "getrlimit and setrlimit would need 32-bit limits");

constexpr int kSize = 4096;
constexpr unsigned kResources = 16;  // RLIM_NLIMITS

// A decimal number, or -1. `text` is left after it.
long Number(const char*& text) {
  if (*text < '0' || *text > '9') return -1;
  unsigned long number = 0;
  for (; *text >= '0' && *text <= '9'; ++text) number = number * 10 + (*text - '0');
  return static_cast<long>(number);
}

// The line of `text` that begins with `word`, from behind it.
const char* LineOf(const char* text, std::string_view word) {
  for (; *text != '\0'; ++text) {
    if (std::string_view(text).starts_with(word)) return text + word.size();
    while (*text != '\0' && *text != '\n') ++text;
    if (*text == '\0') break;
  }
  return nullptr;
}

// /proc/PID/NAME as one string. 0 or -errno; -ENOSYS where no descriptor is free, which the call
// itself never wants.
long ReadProc(const Kernel& kernel, int pid, const char* name, char* text) {
  char path[64];
  char* end = text::Append(text::Append(path, "/proc/"), static_cast<Word>(pid));
  *text::Append(end, name) = '\0';
  const long fd = kernel.Call<"openat">(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fd == -EMFILE || fd == -ENFILE ? -ENOSYS : fd;
  long size = 0, got;
  while ((got = kernel.Call<"read">(fd, text + size, kSize - 1 - size)) > 0) size += got;
  kernel.Call<"close">(fd);
  text[size] = '\0';
  return got;
}

// Is /proc there, and does it number processes as we do?
bool ProcIsOurs(const Kernel& kernel) {
  char self[16] = {};
  const long length = kernel.Call<"readlinkat">(AT_FDCWD, "/proc/self", self, sizeof self - 1);
  if (length <= 0) return false;
  const char* text = self;
  return Number(text) == kernel.Call<"getpid">() && *text == '\0';
}

bool MayUseResources(const Kernel& kernel) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2];
  return kernel.Call<"capget">(&header, data) == 0 && data[0].effective & (1u << CAP_SYS_RESOURCE);
}

// The kernel's rule: our real ids are all of its ids, or CAP_SYS_RESOURCE.
bool MayAsk(const Kernel& kernel, const char* status) {
  const long ours[2] = {kernel.Call<"getuid">(), kernel.Call<"getgid">()};
  const char* lines[2] = {LineOf(status, "Uid:"), LineOf(status, "Gid:")};
  bool same = true;
  for (int i = 0; i < 2; ++i) {
    for (int id = 0; id < 3; ++id) {  // real, effective, saved
      if (lines[i] == nullptr || *lines[i]++ != '\t') return false;
      same = same && Number(lines[i]) == ours[i];
    }
  }
  return same || MayUseResources(kernel);
}

// "Max open files            1024                 unlimited            files"
bool Parse(const char* limits, unsigned resource, Limit* limit) {
  for (unsigned line = 0; line <= resource; ++line) {  // the first one is the heading
    while (*limits != '\0' && *limits != '\n') ++limits;
    if (*limits++ == '\0') return false;
  }
  for (int i = 0; i < 26; ++i) {  // a name with spaces
    if (*limits++ == '\0') return false;
  }
  for (unsigned long long* value : {&limit->soft, &limit->hard}) {
    while (*limits == ' ') ++limits;
    if (*limits >= '0' && *limits <= '9') {
      *value = Number(limits);
    } else {
      *value = ~0ull;
      if (!std::string_view(limits).starts_with("unlimited")) return false;
      limits += 9;
    }
  }
  return true;
}

Result OfAnother(const Kernel& kernel, int pid, unsigned resource, const Limit* wanted, Word old) {
  // With signal 0 this only asks whether such a thread exists.
  if (pid < 0 || kernel.Call<"tkill">(pid, 0) == -ESRCH) return -ESRCH;
  char text[kSize];
  if (!ProcIsOurs(kernel)) return -ENOSYS;
  if (const long error = ReadProc(kernel, pid, "/status", text)) {
    return error == -ENOENT ? -ESRCH : error;
  }
  if (!MayAsk(kernel, text)) return -EPERM;
  if (resource >= kResources || (wanted && wanted->soft > wanted->hard)) return -EINVAL;
  if (wanted) return -EPERM;
  if (old == 0) return 0;
  if (const long error = ReadProc(kernel, pid, "/limits", text)) {
    return error == -ENOENT ? -ESRCH : error;
  }
  Limit limit;
  if (!Parse(text, resource, &limit)) return -ESRCH;  // empty: it has just ended
  return kernel.CopyOut(old, limit) ? 0 : -EFAULT;
}

}  // namespace

Result prlimit64(Kernel& kernel, const Args& args) {
  const int pid = args.Int(0);
  const unsigned resource = args.Uint(1);
  Limit wanted, before;
  if (args[2] != 0 && !kernel.CopyIn(args[2], &wanted)) return -EFAULT;
  // Limits belong to the process: any of our own threads stands for it.
  if (pid != 0 && kernel.Call<"tgkill">(kernel.Call<"getpid">(), pid, 0) != 0) {
    return OfAnother(kernel, pid, resource, args[2] != 0 ? &wanted : nullptr, args[3]);
  }
  if (resource >= kResources) return -EINVAL;
  if (args[3] != 0) {
    if (const long error = kernel.Call<"getrlimit">(resource, &before)) return error;
  }
  if (args[2] != 0) {
    // Another thread may set the same limit between the two.
    if (const long error = kernel.Call<"setrlimit">(resource, &wanted)) return error;
  }
  return args[3] == 0 || kernel.CopyOut(args[3], before) ? 0 : -EFAULT;
}

}  // namespace abishim::translate

// What the kernel would check access to a file against, and becoming that (in a child).
#pragma once

#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/prctl.h>
#include <linux/securebits.h>

#include "tables/kernel.h"

namespace abishim::translate {

constexpr Word Bit(int capability) { return Word{1} << capability; }

// Capabilities that no check on the way to a file, or of it, asks for. All others may.
inline constexpr Word kCapabilitiesOfNoMatter =
    Bit(CAP_CHOWN) | Bit(CAP_FSETID) | Bit(CAP_KILL) | Bit(CAP_SETGID) | Bit(CAP_SETUID) |
    Bit(CAP_SETPCAP) | Bit(CAP_NET_BIND_SERVICE) | Bit(CAP_NET_BROADCAST) | Bit(CAP_NET_RAW) |
    Bit(CAP_IPC_LOCK) | Bit(CAP_SYS_CHROOT) | Bit(CAP_SYS_NICE) | Bit(CAP_SYS_TIME) |
    Bit(CAP_MKNOD) | Bit(CAP_LEASE) | Bit(CAP_AUDIT_WRITE) | Bit(CAP_SETFCAP);

// One who asks: the ids that count, and the capabilities that matter.
struct Asker {
  unsigned uid, gid;
  Word capabilities;
  bool operator==(const Asker& other) const {
    return uid == other.uid && gid == other.gid && capabilities == other.capabilities;
  }
};

// The calling thread's.
class Credentials {
 public:
  // False where the host does not tell.
  bool Read(const Kernel& kernel);
  // As any other call sees it, and with AT_EACCESS.
  Asker Effective() const { return {fsuid_, fsgid_, effective_ & ~kCapabilitiesOfNoMatter}; }
  // As access(2) sees it: with the real ids, root's permitted capabilities, no one else's.
  Asker Real() const {
    const Word all = KeepsCapabilities() ? effective_ : uid_ == 0 ? permitted_ : 0;
    return {uid_, gid_, all & ~kCapabilitiesOfNoMatter};
  }
  // Makes the thread one for whom Effective() and Real() are both `asker`. For a child of our own:
  // half of it may be done when it fails.
  bool Become(const Kernel& kernel, const Asker& asker);

 private:
  bool KeepsCapabilities() const { return securebits_ & SECBIT_NO_SETUID_FIXUP; }
  static bool ReadFileIds(const Kernel& kernel, unsigned* uid, unsigned* gid);
  bool Set(const Kernel& kernel, Word permitted, Word effective) const;

  unsigned uid_, gid_, fsuid_, fsgid_;
  Word permitted_, effective_, inheritable_;
  long securebits_;
};

// A new pipe belongs to the ids that count for files. setfsuid(-1) tells too, but before 3.5 root
// would get that id, and some profiles kill for it.
inline bool Credentials::ReadFileIds(const Kernel& kernel, unsigned* uid, unsigned* gid) {
  int ends[2] = {};
  if (kernel.Call<"pipe2">(ends, O_CLOEXEC) != 0) return false;
  arch::KernelStat stat = {};
  const bool known = kernel.Call<"fstat">(ends[0], &stat) == 0;
  for (const int end : ends) kernel.Call<"close">(end);
  *uid = stat.uid;
  *gid = stat.gid;
  return known;
}

inline bool Credentials::Read(const Kernel& kernel) {
  __user_cap_header_struct self = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct half[2];
  if (kernel.Call<"capget">(&self, half) != 0) return false;
  permitted_ = half[0].permitted | Word{half[1].permitted} << 32;
  effective_ = half[0].effective | Word{half[1].effective} << 32;
  inheritable_ = half[0].inheritable | Word{half[1].inheritable} << 32;
  securebits_ = kernel.Call<"prctl">(PR_GET_SECUREBITS, 0, 0, 0, 0);
  uid_ = static_cast<unsigned>(kernel.Call<"getuid">());
  gid_ = static_cast<unsigned>(kernel.Call<"getgid">());
  return securebits_ >= 0 && ReadFileIds(kernel, &fsuid_, &fsgid_);
}

inline bool Credentials::Set(const Kernel& kernel, Word permitted, Word effective) const {
  __user_cap_header_struct self = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct half[2];
  for (int i = 0; i < 2; ++i) {
    half[i].permitted = static_cast<unsigned>(permitted >> 32 * i);
    half[i].effective = static_cast<unsigned>(effective >> 32 * i);
    half[i].inheritable = static_cast<unsigned>(inheritable_ >> 32 * i);
  }
  return kernel.Call<"capset">(&self, half) == 0;
}

inline bool Credentials::Become(const Kernel& kernel, const Asker& asker) {
  // access(2) takes the capabilities of all but root, save for those who said that ids and
  // capabilities are two things. Only CAP_SETPCAP may say so.
  if (asker.uid != 0 && asker.capabilities != 0 && !KeepsCapabilities()) {
    if (!Set(kernel, permitted_, effective_ | Bit(CAP_SETPCAP))) return false;
    const long bits = securebits_ | SECBIT_NO_SETUID_FIXUP;
    if (kernel.Call<"prctl">(PR_SET_SECUREBITS, bits, 0, 0, 0) != 0) return false;
  }
  return kernel.Call<"setresgid">(asker.gid, asker.gid, asker.gid) == 0 &&
         kernel.Call<"setresuid">(asker.uid, asker.uid, asker.uid) == 0 &&
         Set(kernel, asker.capabilities, asker.capabilities);
}

}  // namespace abishim::translate

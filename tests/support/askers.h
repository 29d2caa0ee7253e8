// Everyone whom access to a file can be checked for: real and effective ids that differ, ids for
// files that differ from both, capabilities that do not go with the ids. The test runs as root.
#pragma once

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <stdio.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <vector>

namespace abishim::test {

struct Asker {
  const char* name;
  std::function<bool()> become;  // for a child
  // No child of his can have real ids and capabilities like his effective ones.
  bool cannot_be_asked_for = false;
};

inline bool SetIds(unsigned real, unsigned effective, unsigned saved) {
  return setresgid(real, effective, saved) == 0 && setresuid(real, effective, saved) == 0;
}
inline unsigned long CapabilityBit(int capability) { return 1ul << capability; }
inline bool SetCapabilities(unsigned long permitted, unsigned long effective) {
  __user_cap_header_struct self{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct half[2] = {};
  for (int i = 0; i < 2; ++i) {
    half[i].permitted = static_cast<unsigned>(permitted >> 32 * i);
    half[i].effective = static_cast<unsigned>(effective >> 32 * i);
  }
  return syscall(SYS_capset, &self, half) == 0;
}
inline unsigned long PermittedCapabilities() {
  __user_cap_header_struct self{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct half[2] = {};
  syscall(SYS_capget, &self, half);
  return half[0].permitted | static_cast<unsigned long>(half[1].permitted) << 32;
}
// uid 1000, with just these capabilities.
inline bool KeepCapabilities(unsigned long permitted, unsigned long effective) {
  return prctl(PR_SET_KEEPCAPS, 1) == 0 && SetIds(1000, 1000, 1000) &&
         SetCapabilities(permitted, effective);
}
inline bool WriteFile(const char* path, const char* text) {
  FILE* const file = fopen(path, "w");
  if (file == nullptr) return false;
  const bool written = fputs(text, file) >= 0;
  return fclose(file) == 0 && written;
}
inline bool EnterUserNamespace() {
  // Dumpable again, or the maps below belong to root.
  return SetIds(1000, 1000, 1000) && prctl(PR_SET_DUMPABLE, 1) == 0 &&
         unshare(CLONE_NEWUSER) == 0 && WriteFile("/proc/self/setgroups", "deny") &&
         WriteFile("/proc/self/uid_map", "0 1000 1") && WriteFile("/proc/self/gid_map", "0 1000 1");
}

inline std::vector<Asker> Askers() {
  const unsigned long override_ = CapabilityBit(CAP_DAC_OVERRIDE),
                      search = CapabilityBit(CAP_DAC_READ_SEARCH),
                      setpcap = CapabilityBit(CAP_SETPCAP),
                      bind = CapabilityBit(CAP_NET_BIND_SERVICE);
  const auto separate = [] { return prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) == 0; };
  return {
      {"root", [] { return true; }},
      {"a user", [] { return setgroups(0, nullptr) == 0 && SetIds(1000, 1000, 1000); }},
      {"a user in a group",
       [] {
         const gid_t group = 2000;
         return setgroups(1, &group) == 0 && SetIds(1000, 1000, 1000);
       }},
      {"setuid root", [] { return SetIds(1000, 0, 0); }},
      {"root as a user", [] { return SetIds(0, 1000, 0); }},
      {"root as a user for good", [] { return SetIds(0, 1000, 1000); }},
      {"setuid of another user", [] { return SetIds(1000, 2000, 2000); }},
      {"setuid, dropped", [] { return SetIds(1000, 1000, 2000); }},
      {"setgid",
       [] { return setresgid(1000, 2000, 2000) == 0 && setresuid(1000, 1000, 1000) == 0; }},
      {"root with a user's file ids",
       [] {
         setfsgid(1000);
         setfsuid(1000);
         return setfsuid(-1) == 1000;
       }},
      {"a user with capabilities",
       [=] { return KeepCapabilities(override_ | setpcap, override_ | setpcap); }},
      {"a user who could raise CAP_SETPCAP",
       [=] { return KeepCapabilities(search | setpcap, search); }},
      {"a user with one capability", [=] { return KeepCapabilities(search, search); }, true},
      {"a user with one capability of no matter", [=] { return KeepCapabilities(bind, bind); }},
      {"a user with capabilities kept apart from ids",
       [=] { return separate() && KeepCapabilities(override_, override_); }},
      {"root as a user, with all capabilities",
       [=] { return separate() && setresgid(0, 1000, 0) == 0 && setresuid(0, 1000, 0) == 0; }},
      {"root, some not effective",
       [=] {
         const unsigned long all = PermittedCapabilities();
         return SetCapabilities(all, all & ~(override_ | search));
       }},
      {"setuid root, some not effective",
       [=] {
         const unsigned long all = PermittedCapabilities();
         return SetIds(1000, 0, 0) && SetCapabilities(all, all & ~override_);
       }},
      {"root without capabilities", [] { return SetCapabilities(0, 0); }},
      {"setuid root without capabilities",
       [] { return SetIds(1000, 0, 0) && SetCapabilities(0, 0); }},
      {"one with foreign file ids, who cannot set ids",
       [=] {
         setfsuid(2000);
         return SetCapabilities(override_, 0) && setfsuid(-1) == 2000;
       },
       true},
      {"root of a user namespace", EnterUserNamespace},
      {"root of a user namespace, some not effective",
       [=] { return EnterUserNamespace() && SetCapabilities(PermittedCapabilities(), search); }},
  };
}

}  // namespace abishim::test

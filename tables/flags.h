// Flags, operations and values that came later than their calls: one row each, sorted by call.
//
// Older kernels refuse them or, worse, ignore them. A row is here if its older behaviour is silent,
// or if its refusal meets real programs: then `run --pretend-kernel` behaves as those kernels did.
// What can be done faithfully is translated where the host lacks it (README.md).
#pragma once

#include <linux/errno.h>

#include "tables/syscalls.h"

namespace abishim {

// How a filter sees it: the lower half of that argument has these bits; of a socket's option its
// level, too. (Not what lies in memory: EPOLLEXCLUSIVE, openat2's and clone3's flags.)
struct Use {
  int argument = 0;
  unsigned mask = 0, value = 0;
  int level = -1;  // the second argument, where that counts

  constexpr bool Is(const Args& args) const {
    return (args.Uint(argument) & mask) == value && (level < 0 || args.Int(1) == level);
  }
};
constexpr Use Bits(int argument, unsigned bits) { return {argument, bits, bits}; }
constexpr Use Value(int argument, unsigned value) { return {argument, ~0u, value}; }
constexpr Use OfSocket(unsigned option) { return {2, ~0u, option, 1}; }  // SOL_SOCKET
constexpr Use OfTcp(unsigned option) { return {2, ~0u, option, 6}; }     // IPPROTO_TCP

inline constexpr int kIgnored = 0;  // in the place of an errno: the call goes on without it

struct Flag {
  std::string_view call;  // its row in syscalls.h
  std::string_view name;
  Version since;
  Use use;
  int older;  // the errno of kernels before `since`, or kIgnored
  Class cls = Class::kRefuse;
  // Of all flags of one call: it may get any of them.
  Translation* when_missing = nullptr;
  // Arguments that can do no harm: EINVAL where the host lacks the flag, and only there.
  Args question = {};
  std::string_view loses = {};   // kPartial
  std::string_view reason = {};  // kRefuse
};

namespace flags {
Translation fcntl, memfd_create, mmap, newfstatat;
}  // namespace flags

inline constexpr Word kBad = ~Word{0};  // no descriptor, no address

inline constexpr std::string_view kFallback = "Nothing older does it; callers have another way.",
                                  kHint = "A help to the kernel; callers go on without it.",
                                  kSecurity = "Security is never faked.",
                                  kSilent = "Older kernels ignore it, and so does this one.";

inline constexpr std::string_view kLosesOfd =
    "Whole files only (else EINVAL). Who uses flock is kept out, too; who uses POSIX locks no "
    "longer "
    "once the process has closed the file by another descriptor, or handed the lock on by fork. A "
    "signal handler does not end the wait.";

// A row of what is left to the host.
constexpr Flag Refuse(std::string_view call, std::string_view name, Version since, Use use,
                      int older, std::string_view reason) {
  return {.call = call, .name = name, .since = since, .use = use, .older = older, .reason = reason};
}

inline constexpr Flag kFlags[] = {
    Refuse("clone", "CLONE_NEWCGROUP", {4, 6}, Bits(0, 0x02000000), kIgnored, kSilent),
    Refuse("clone", "CLONE_PIDFD", {5, 2}, Bits(0, 0x1000), kIgnored, kSilent),
    {.call = "close_range",
     .name = "CLOSE_RANGE_CLOEXEC",
     .since = {5, 11},
     .use = Bits(2, 4),
     .older = EINVAL,
     .cls = Class::kExact,
     .when_missing = translate::close_range,
     .question = {{kBad, kBad, 4}}},
    Refuse("execveat", "AT_EXECVE_CHECK", {6, 14}, Bits(4, 0x10000), EINVAL, kFallback),
    Refuse("fallocate", "FALLOC_FL_COLLAPSE_RANGE", {3, 15}, Bits(1, 8), EOPNOTSUPP, kFallback),
    Refuse("fallocate", "FALLOC_FL_INSERT_RANGE", {4, 1}, Bits(1, 32), EOPNOTSUPP, kFallback),
    Refuse("fallocate", "FALLOC_FL_PUNCH_HOLE", {2, 6, 38}, Bits(1, 2), EOPNOTSUPP, kFallback),
    Refuse("fallocate", "FALLOC_FL_UNSHARE_RANGE", {4, 9}, Bits(1, 64), EOPNOTSUPP, kFallback),
    Refuse("fallocate", "FALLOC_FL_WRITE_ZEROES", {6, 17}, Bits(1, 128), EOPNOTSUPP, kFallback),
    Refuse("fallocate", "FALLOC_FL_ZERO_RANGE", {3, 15}, Bits(1, 16), EOPNOTSUPP, kFallback),
    Refuse("fchownat", "AT_EMPTY_PATH", {2, 6, 39}, Bits(4, 0x1000), EINVAL, kFallback),
    Refuse("fcntl", "F_ADD_SEALS", {3, 17}, Value(1, 1033), EINVAL, kSecurity),
    Refuse("fcntl", "F_CREATED_QUERY", {6, 12}, Value(1, 1028), EINVAL, kFallback),
    Refuse("fcntl", "F_DUPFD_QUERY", {6, 10}, Value(1, 1027), EINVAL, kFallback),
    Refuse("fcntl", "F_GET_SEALS", {3, 17}, Value(1, 1034), EINVAL, kSecurity),
    Refuse("fcntl", "F_OFD_GETLK", {3, 15}, Value(1, 36), EINVAL, kFallback),
    {.call = "fcntl",
     .name = "F_OFD_SETLK",
     .since = {3, 15},
     .use = Value(1, 37),
     .older = EINVAL,
     .cls = Class::kPartial,
     .when_missing = flags::fcntl,
     .question = {{0, 37, kBad}},
     .loses = kLosesOfd},
    {.call = "fcntl",
     .name = "F_OFD_SETLKW",
     .since = {3, 15},
     .use = Value(1, 38),
     .older = EINVAL,
     .cls = Class::kPartial,
     .when_missing = flags::fcntl,
     .question = {{0, 38, kBad}},
     .loses = kLosesOfd},
    Refuse("fcntl", "F_SET_RW_HINT", {4, 13}, Value(1, 1036), EINVAL, kHint),
    Refuse("futex", "FUTEX_LOCK_PI2", {5, 14}, {1, 0x7f, 13}, ENOSYS, kFallback),
    {.call = "getrandom",
     .name = "GRND_INSECURE",
     .since = {5, 6},
     .use = Bits(2, 4),
     .older = EINVAL,
     .cls = Class::kPartial,
     .when_missing = translate::getrandom,
     .question = {{0, 0, 4}},
     .loses = "33,554,431 bytes a call."},
    Refuse("getsockopt", "SO_COOKIE", {4, 12}, OfSocket(57), ENOPROTOOPT, kFallback),
    Refuse("getsockopt", "SO_INCOMING_NAPI_ID", {4, 12}, OfSocket(56), ENOPROTOOPT, kHint),
    Refuse("getsockopt", "SO_NETNS_COOKIE", {5, 14}, OfSocket(71), ENOPROTOOPT, kFallback),
    Refuse("getsockopt", "SO_PEERGROUPS", {4, 13}, OfSocket(59), ENOPROTOOPT, kSecurity),
    Refuse("getsockopt", "SO_PEERPIDFD", {6, 5}, OfSocket(77), ENOPROTOOPT, kSecurity),
    Refuse("inotify_add_watch", "IN_MASK_CREATE", {4, 19}, Bits(2, 0x10000000), kIgnored, kSilent),
    Refuse("ioctl", "FICLONE", {4, 5}, Value(1, 0x40049409), ENOTTY, kFallback),
    Refuse("ioctl", "TIOCGPTPEER", {4, 13}, Value(1, 0x5441), ENOTTY, kFallback),
    Refuse("linkat", "AT_EMPTY_PATH", {2, 6, 39}, Bits(4, 0x1000), EINVAL, kFallback),
    Refuse("lseek", "SEEK_DATA", {3, 1}, Value(2, 3), EINVAL, kFallback),
    Refuse("lseek", "SEEK_HOLE", {3, 1}, Value(2, 4), EINVAL, kFallback),
    Refuse("madvise", "MADV_COLD", {5, 4}, Value(2, 20), EINVAL, kHint),
    Refuse("madvise", "MADV_COLLAPSE", {6, 1}, Value(2, 25), EINVAL, kHint),
    Refuse("madvise", "MADV_FREE", {4, 5}, Value(2, 8), EINVAL, kHint),
    Refuse("madvise", "MADV_GUARD_INSTALL", {6, 13}, Value(2, 102), EINVAL, kFallback),
    Refuse("madvise", "MADV_PAGEOUT", {5, 4}, Value(2, 21), EINVAL, kHint),
    Refuse("madvise", "MADV_POPULATE_READ", {5, 14}, Value(2, 22), EINVAL, kHint),
    Refuse("madvise", "MADV_POPULATE_WRITE", {5, 14}, Value(2, 23), EINVAL, kHint),
    Refuse("madvise", "MADV_WIPEONFORK", {4, 14}, Value(2, 18), EINVAL, kSecurity),
    {.call = "memfd_create",
     .name = "MFD_EXEC",
     .since = {6, 3},
     .use = Bits(1, 0x10),
     .older = EINVAL,
     .cls = Class::kExact,
     .when_missing = flags::memfd_create,
     .question = {{kBad, 0x10}}},
    Refuse("memfd_create", "MFD_HUGETLB", {4, 14}, Bits(1, 4), EINVAL, kFallback),
    Refuse("memfd_create", "MFD_NOEXEC_SEAL", {6, 3}, Bits(1, 8), EINVAL, kSecurity),
    Refuse("mmap", "MAP_DROPPABLE", {6, 11}, {3, 15, 8}, EINVAL, kSecurity),
    {.call = "mmap",
     .name = "MAP_FIXED_NOREPLACE",
     .since = {4, 17},
     .use = Bits(3, 0x100000),
     .older = kIgnored,
     .cls = Class::kPartial,
     .when_missing = flags::mmap,
     .question = {{-4096ul, 4096, 0, 0x100020, kBad, 0}},
     .loses =
         "What lies elsewhere for a moment is seen by other threads; EEXIST also for what an older "
         "kernel takes for no hint: addresses below vm.mmap_min_addr, and beside a stack."},
    Refuse("mmap", "MAP_SHARED_VALIDATE", {4, 15}, {3, 15, 3}, EINVAL, kFallback),
    Refuse("mount", "MS_LAZYTIME", {4, 0}, Bits(3, 0x02000000), kIgnored, kSilent),
    Refuse("mount", "MS_NOSYMFOLLOW", {5, 10}, Bits(3, 256), kIgnored, kSilent),
    Refuse("mremap", "MREMAP_DONTUNMAP", {5, 7}, Bits(3, 4), EINVAL, kFallback),
    {.call = "newfstatat",
     .name = "AT_EMPTY_PATH",
     .since = {2, 6, 39},
     .use = Bits(3, 0x1000),
     .older = EINVAL,
     .cls = Class::kExact,
     .when_missing = flags::newfstatat,
     .question = {{kBad, kBad, kBad, 0x1000}}},
    {.call = "newfstatat",
     .name = "AT_NO_AUTOMOUNT",
     .since = {2, 6, 38},
     .use = Bits(3, 0x800),
     .older = EINVAL,
     .cls = Class::kPartial,
     .when_missing = flags::newfstatat,
     .question = {{kBad, kBad, kBad, 0x800}},
     .loses = "What is mounted when it is looked at may be mounted."},
    Refuse("open", "O_PATH", {2, 6, 39}, Bits(1, 0x200000), kIgnored, kSilent),
    Refuse("open", "O_TMPFILE", {3, 11}, Bits(1, 0x410000), EISDIR, kFallback),
    Refuse("openat", "O_PATH", {2, 6, 39}, Bits(2, 0x200000), kIgnored, kSilent),
    Refuse("openat", "O_TMPFILE", {3, 11}, Bits(2, 0x410000), EISDIR, kFallback),
    Refuse("pidfd_open", "PIDFD_NONBLOCK", {5, 10}, Bits(1, 0x800), EINVAL, kFallback),
    Refuse("pidfd_open", "PIDFD_THREAD", {6, 9}, Bits(1, 0x80), EINVAL, kFallback),
    Refuse("pipe2", "O_NOTIFICATION_PIPE", {5, 8}, Bits(1, 0x80), EINVAL, kFallback),
    Refuse("prctl", "PR_CAP_AMBIENT", {4, 3}, Value(0, 47), EINVAL, kSecurity),
    Refuse("prctl", "PR_SCHED_CORE", {5, 14}, Value(0, 62), EINVAL, kSecurity),
    Refuse("prctl", "PR_SET_CHILD_SUBREAPER", {3, 4}, Value(0, 36), EINVAL, kFallback),
    Refuse("prctl", "PR_SET_IO_FLUSHER", {5, 6}, Value(0, 57), EINVAL, kHint),
    Refuse("prctl", "PR_SET_MEMORY_MERGE", {6, 4}, Value(0, 67), EINVAL, kHint),
    Refuse("prctl", "PR_SET_SYSCALL_USER_DISPATCH", {5, 11}, Value(0, 59), EINVAL, kFallback),
    Refuse("prctl", "PR_SET_VMA", {5, 17}, Value(0, 0x53564d41), EINVAL, kHint),
    Refuse("preadv2", "RWF_DONTCACHE", {6, 14}, Bits(5, 128), EOPNOTSUPP, kFallback),
    Refuse("preadv2", "RWF_NOWAIT", {4, 14}, Bits(5, 8), EOPNOTSUPP, kFallback),
    Refuse("pwritev2", "RWF_APPEND", {4, 16}, Bits(5, 16), EOPNOTSUPP, kFallback),
    Refuse("pwritev2", "RWF_ATOMIC", {6, 11}, Bits(5, 64), EOPNOTSUPP, kFallback),
    Refuse("pwritev2", "RWF_DONTCACHE", {6, 14}, Bits(5, 128), EOPNOTSUPP, kFallback),
    Refuse("pwritev2", "RWF_NOAPPEND", {6, 9}, Bits(5, 32), EOPNOTSUPP, kFallback),
    Refuse("pwritev2", "RWF_NOWAIT", {4, 14}, Bits(5, 8), EOPNOTSUPP, kFallback),
    Refuse("seccomp", "SECCOMP_FILTER_FLAG_LOG", {4, 14}, Bits(1, 2), EINVAL, kSecurity),
    Refuse("seccomp", "SECCOMP_FILTER_FLAG_NEW_LISTENER", {5, 0}, Bits(1, 8), EINVAL, kSecurity),
    Refuse("seccomp", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", {4, 17}, Bits(1, 4), EINVAL, kSecurity),
    Refuse("seccomp", "SECCOMP_FILTER_FLAG_TSYNC_ESRCH", {5, 7}, Bits(1, 16), EINVAL, kSecurity),
    Refuse("seccomp", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", {5, 19}, Bits(1, 32), EINVAL,
           kSecurity),
    Refuse("sendmsg", "MSG_FASTOPEN", {3, 7}, Bits(2, 0x20000000), kIgnored, kSilent),
    Refuse("sendto", "MSG_FASTOPEN", {3, 7}, Bits(3, 0x20000000), kIgnored, kSilent),
    Refuse("setsockopt", "SO_ATTACH_BPF", {3, 19}, OfSocket(50), ENOPROTOOPT, kFallback),
    Refuse("setsockopt", "SO_ATTACH_REUSEPORT_CBPF", {4, 5}, OfSocket(51), ENOPROTOOPT, kFallback),
    Refuse("setsockopt", "SO_BINDTOIFINDEX", {5, 1}, OfSocket(62), ENOPROTOOPT, kFallback),
    Refuse("setsockopt", "SO_BUSY_POLL", {3, 11}, OfSocket(46), ENOPROTOOPT, kHint),
    Refuse("setsockopt", "SO_INCOMING_CPU", {4, 4}, OfSocket(49), ENOPROTOOPT, kHint),
    Refuse("setsockopt", "SO_LOCK_FILTER", {3, 9}, OfSocket(44), ENOPROTOOPT, kSecurity),
    Refuse("setsockopt", "SO_PASSPIDFD", {6, 5}, OfSocket(76), ENOPROTOOPT, kSecurity),
    Refuse("setsockopt", "SO_PASSRIGHTS", {6, 16}, OfSocket(83), ENOPROTOOPT, kSecurity),
    Refuse("setsockopt", "SO_PREFER_BUSY_POLL", {5, 11}, OfSocket(69), ENOPROTOOPT, kHint),
    Refuse("setsockopt", "SO_RCVMARK", {5, 19}, OfSocket(75), ENOPROTOOPT, kFallback),
    Refuse("setsockopt", "SO_REUSEPORT", {3, 9}, OfSocket(15), ENOPROTOOPT, kFallback),
    Refuse("setsockopt", "SO_TXTIME", {4, 19}, OfSocket(61), ENOPROTOOPT, kFallback),
    Refuse("setsockopt", "SO_ZEROCOPY", {4, 14}, OfSocket(60), ENOPROTOOPT, kFallback),
    Refuse("setsockopt", "TCP_FASTOPEN", {3, 7}, OfTcp(23), ENOPROTOOPT, kHint),
    Refuse("setsockopt", "TCP_FASTOPEN_CONNECT", {4, 11}, OfTcp(30), ENOPROTOOPT, kHint),
    Refuse("setsockopt", "TCP_ULP", {4, 13}, OfTcp(31), ENOPROTOOPT, kFallback),
    Refuse("socket", "IPPROTO_MPTCP", {5, 6}, Value(2, 262), EPROTONOSUPPORT, kFallback),
    Refuse("timerfd_create", "CLOCK_BOOTTIME", {3, 15}, Value(0, 7), EINVAL, kFallback),
    Refuse("unshare", "CLONE_NEWCGROUP", {4, 6}, Bits(0, 0x2000000), EINVAL, kFallback),
    Refuse("unshare", "CLONE_NEWPID", {3, 8}, Bits(0, 0x20000000), EINVAL, kFallback),
    Refuse("unshare", "CLONE_NEWTIME", {5, 6}, Bits(0, 0x80), EINVAL, kFallback),
    Refuse("unshare", "CLONE_NEWUSER", {3, 8}, Bits(0, 0x10000000), EINVAL, kFallback),
    Refuse("utimensat", "AT_EMPTY_PATH", {5, 8}, Bits(3, 0x1000), EINVAL, kFallback),
    Refuse("waitid", "P_PIDFD", {5, 4}, Value(0, 3), EINVAL, kFallback),
};

}  // namespace abishim

// The threads that are already there when a filter is installed.
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/sched.h>

#include "shim/plan/install.h"
#include "tables/lookup.h"

namespace abishim {
namespace {

constexpr int kSigsys = 31;

// What getdents64(2) writes: linux_dirent64.
struct Entry {
  unsigned long inode;
  long next;
  unsigned short length;
  unsigned char type;
  char name[];
};
static_assert(__builtin_offsetof(Entry, name) == 19);

enum class Blocked : unsigned char { kNo, kYes, kGone };

class Descriptor {
 public:
  Descriptor(RawCall call, long parent, const char* path, long flags)
      : call_(call),
        fd_(call(NumberOf("openat"), parent, reinterpret_cast<long>(path), flags | O_CLOEXEC, 0, 0,
                 0)) {}
  ~Descriptor() {
    if (fd_ >= 0) call_(NumberOf("close"), fd_, 0, 0, 0, 0, 0);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  long number() const { return fd_; }  // or -errno

 private:
  RawCall call_;
  long fd_;
};

long ToNumber(const char* text) {
  long number = 0;
  for (; *text >= '0' && *text <= '9'; ++text) number = 10 * number + (*text - '0');
  return number;
}

// Finds "\nSigBlk:\t" and the 16 digits behind it, however the text is cut into pieces.
class BlockedMask {
 public:
  // True when the mask is complete.
  bool Feed(char c) {
    constexpr char kKey[] = "\nSigBlk:\t";
    constexpr int kKeyLength = sizeof kKey - 1;
    if (matched_ < kKeyLength) {
      matched_ = c == kKey[matched_] ? matched_ + 1 : c == kKey[0] ? 1 : 0;
      return false;
    }
    mask_ = mask_ << 4 | static_cast<Word>(c <= '9' ? c - '0' : c - 'a' + 10);
    return ++digits_ == 16;
  }
  Word mask() const { return mask_; }

 private:
  int matched_ = 0, digits_ = 0;
  Word mask_ = 0;
};

// One that ends meanwhile blocks nothing; what cannot be read counts as blocked.
Blocked SigsysBlocked(RawCall call, long tasks, const char* tid) {
  char path[32];
  int at = 0;
  for (; *tid != '\0' && at < 20; ++tid) path[at++] = *tid;
  for (const char* rest = "/status"; *rest != '\0'; ++rest) path[at++] = *rest;
  path[at] = '\0';
  const Descriptor status(call, tasks, path, O_RDONLY);
  if (status.number() == -ENOENT || status.number() == -ESRCH) return Blocked::kGone;
  if (status.number() < 0) return Blocked::kYes;
  BlockedMask mask;
  char text[512];
  for (;;) {
    const long got =
        call(NumberOf("read"), status.number(), reinterpret_cast<long>(text), sizeof text, 0, 0, 0);
    if (got == -ESRCH) return Blocked::kGone;
    if (got <= 0) return Blocked::kYes;
    for (long i = 0; i < got; ++i) {
      if (!mask.Feed(text[i])) continue;
      return (mask.mask() >> (kSigsys - 1) & 1) != 0 ? Blocked::kYes : Blocked::kNo;
    }
  }
}

// Each thread is a folder in there, and the kernel counts them as links: 2.6.12 and later do.
bool HoldsOne(RawCall call, long tasks) {
  arch::KernelStat stat;
  return call(NumberOf("fstat"), tasks, reinterpret_cast<long>(&stat), 0, 0, 0, 0) == 0 &&
         stat.nlink == 3;
}

// Without a /proc: unsharing what nobody shares does nothing, and otherwise fails.
Threads AskWithoutProc(RawCall call) {
  return call(NumberOf("unshare"), CLONE_THREAD, 0, 0, 0, 0, 0) == 0 ? Threads::kAlone
                                                                     : Threads::kBlocked;
}

constexpr char kTasks[] = "/proc/self/task";

}  // namespace

bool IsAlone(RawCall call) {
  const Descriptor tasks(call, AT_FDCWD, kTasks, O_DIRECTORY);
  return tasks.number() >= 0 && HoldsOne(call, tasks.number());
}

Threads LookAtThreads(RawCall call) {
  const Descriptor tasks(call, AT_FDCWD, kTasks, O_DIRECTORY);
  if (tasks.number() < 0) return AskWithoutProc(call);
  if (HoldsOne(call, tasks.number())) return Threads::kAlone;
  // In a /proc of another pid namespace our own name is not this one; then we count as another,
  // unless there is no other.
  const long own = call(NumberOf("gettid"), 0, 0, 0, 0, 0, 0);
  int threads = 0;
  bool ready = false, blocked = false;
  alignas(Entry) char entries[1024];
  for (;;) {
    const long got = call(NumberOf("getdents64"), tasks.number(), reinterpret_cast<long>(entries),
                          sizeof entries, 0, 0, 0);
    if (got < 0) return Threads::kBlocked;
    if (got == 0) break;
    for (long at = 0; at < got;) {
      const auto* entry = reinterpret_cast<const Entry*>(entries + at);
      at += entry->length;
      const long tid = ToNumber(entry->name);
      if (tid == 0) continue;  // "." and ".."
      ++threads;
      if (tid == own) continue;
      const Blocked answer = SigsysBlocked(call, tasks.number(), entry->name);
      ready |= answer == Blocked::kNo;
      blocked |= answer == Blocked::kYes;
    }
  }
  if (threads == 1) return Threads::kAlone;
  return blocked ? Threads::kBlocked : ready ? Threads::kReady : Threads::kAlone;
}

}  // namespace abishim

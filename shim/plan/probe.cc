#include "shim/plan/probe.h"

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/random.h>
#include <linux/wait.h>

#include "shim/plan/asked.h"
#include "tables/lookup.h"

namespace abishim {
namespace {

constexpr int kCalls = CountAsked(), kCount = kCalls + CountAskedFlags();

consteval bool IsAsked(int nr) {
  for (const Asked& row : kAsked) {
    if (row.nr == nr) return true;
  }
  return false;
}
// These two raise SIGILL outside their trampoline.
static_assert(!IsAsked(NumberOf("uretprobe")) && !IsAsked(NumberOf("uprobe")));

// Arguments that can do no harm. -1 is a bad descriptor, a bad pointer, an unknown flag and an
// absurd size: every other call refuses it before it does anything (tests/filter/probe_test.cc).
long AskOne(RawCall call, int nr) {
  if (nr == NumberOf("getrandom")) return call(nr, 0, 0, GRND_NONBLOCK, 0, 0, 0);
  return call(nr, -1, -1, -1, -1, -1, -1);
}

// What the real call may say to that.
bool Plausible(int nr, long result) {
  if (nr == NumberOf("getrandom")) return result == 0 || result == -EAGAIN;
  if (nr == NumberOf("rseq_slice_yield")) return result == 0 || result == 1;
  switch (result) {
    case -EBADF:
    case -EINVAL:
    case -EFAULT:
    case -E2BIG:
    case -ESRCH:
    case -EOPNOTSUPP:
    case -ENOMEM:
    case -EINTR:
      return true;
    default:
      return false;
  }
}

// Some kernels give a number that they do not know back as the result: not plausible, hence wrong.
// Under a filter an odd errno is more likely the profile's, and then as good as EPERM: the host's
// fault when the profile is too old, else meant so.
Answer Understand(const Asked& row, long result, bool filtered) {
  if (result == -ENOSYS) return Answer::kMissing;
  if (result == -EPERM || result == -EACCES) {
    return filtered && row.by_age ? Answer::kDenied : Answer::kWorks;
  }
  if (Plausible(row.nr, result)) return Answer::kWorks;
  return filtered && !row.by_age ? Answer::kWorks : Answer::kWrong;
}

long Call(RawCall call, int nr, const Args& a) {
  return call(nr, a.Long(0), a.Long(1), a.Long(2), a.Long(3), a.Long(4), a.Long(5));
}

// Who refuses a flag with EINVAL does not know it; anything else is not the flag's fault. (A
// program that has closed the descriptor that is asked of is asked of another one.)
Answer AskFlag(RawCall call, const AskedFlag& flag) {
  long result = Call(call, flag.nr, flag.question);
  const long fd = result != -EBADF ? -1
                                   : call(NumberOf("openat"), AT_FDCWD, reinterpret_cast<long>("/"),
                                          O_RDONLY | O_CLOEXEC, 0, 0, 0);
  if (fd >= 0) {
    Args other = flag.question;
    other.word[0] = static_cast<Word>(fd);
    result = Call(call, flag.nr, other);
    call(NumberOf("close"), fd, 0, 0, 0, 0, 0);
  }
  return result == -EINVAL ? Answer::kMissing : Answer::kWorks;
}

// First the calls, then the flags.
Answer AskFiltered(RawCall call, int i) {
  if (i >= kCalls) return AskFlag(call, kAskedFlags[i - kCalls]);
  return Understand(kAsked[i], AskOne(call, kAsked[i].nr), true);
}

// In memory that the children share with us.
struct Report {
  bool older;  // for a user space that may call what only those call
  int asking;  // which question, kCount when all are answered
  Answer answer[kCount];
};

[[noreturn]] void RunChild(RawCall call, volatile Report* report, int first) {
  call(NumberOf("prctl"), PR_SET_DUMPABLE, 0, 0, 0, 0, 0);  // no core when a filter kills
  for (int i = first; i < kCount; ++i) {
    if (i < kCalls && kAsked[i].older && !report->older) continue;
    report->asking = i;
    report->answer[i] = AskFiltered(call, i);
  }
  report->asking = kCount;
  for (;;) call(NumberOf("exit_group"), 0, 0, 0, 0, 0, 0);
}

// Asks from question `first` on, in a copy of the process. Not one that shares its memory: up
// to 5.15 a filter that kills and dumps core takes every sharer along. No exit signal: nobody is to
// notice.
long RunOne(RawCall call, volatile Report* report, int first) {
  const long child = call(NumberOf("clone"), 0, 0, 0, 0, 0, 0);
  if (child < 0) return child;
  if (child == 0) RunChild(call, report, first);
  long reaped;
  do {
    reaped = call(NumberOf("wait4"), child, 0, __WALL, 0, 0, 0);
  } while (reaped == -EINTR);
  return reaped < 0 ? reaped : 0;
}

long AskInChildren(RawCall call, volatile Report* report) {
  for (int first = 0; first < kCount;) {
    report->asking = -1;
    const long result = RunOne(call, report, first);
    if (result != 0) return result;
    const int last = report->asking;
    if (last < first) return -ECHILD;  // it died before it asked anything
    if (last < kCount) report->answer[last] = Answer::kKills;
    first = last + 1;
  }
  return 0;
}

long ProbeForked(RawCall call, Answers* answers, bool older) {
  const long page = call(NumberOf("mmap"), 0, sizeof(Report), PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (IsError(page)) return page;
  auto* report = reinterpret_cast<volatile Report*>(page);
  report->older = older;
  const long result = AskInChildren(call, report);
  for (int i = 0; i < kCalls; ++i) answers->of[kAsked[i].nr] = report->answer[i];
  for (int i = kCalls; i < kCount; ++i) answers->of_flag[i - kCalls] = report->answer[i];
  call(NumberOf("munmap"), page, sizeof(Report), 0, 0, 0, 0);
  return result;
}

}  // namespace

bool FilterInForce(RawCall call) {
  const long mode = call(NumberOf("prctl"), PR_GET_SECCOMP, 0, 0, 0, 0, 0);
  return mode != 0 && mode != -EINVAL;  // EINVAL: a kernel without seccomp
}

long Probe(RawCall call, Answers* answers, bool older) {
  *answers = {};
  if (FilterInForce(call)) return ProbeForked(call, answers, older);
  // Of refused rows none: ENOSYS is right already, and nothing else denies. Of minor ones none
  // where the others work, for then they change nothing; nor of flags.
  bool flawless = true;
  for (const bool minor : {false, true}) {
    if (minor && flawless) break;
    for (const Asked& row : kAsked) {
      if (!row.translated || row.minor != minor || (row.older && !older)) continue;
      answers->of[row.nr] = Understand(row, AskOne(call, row.nr), false);
      flawless = flawless && answers->of[row.nr] == Answer::kWorks;
    }
  }
  for (int i = 0; i < CountAskedFlags() && !flawless; ++i) {
    answers->of_flag[i] = AskFlag(call, kAskedFlags[i]);
  }
  return 0;
}

}  // namespace abishim

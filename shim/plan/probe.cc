#include "shim/plan/probe.h"

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/wait.h>

#include "shim/plan/asked.h"
#include "shim/plan/child.h"
#include "shim/plan/install.h"
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

// Where the children write it and we read it.
struct Report {
  bool older;  // for a user space that may call what only those call
  int asking;  // which question, kCount when all are answered
  Answer answer[kCount];
};
struct Questions {
  RawCall call;
  volatile Report* report;
  int first;  // to be asked
};

void RunChild(void* at) {
  const auto [call, report, first] = *static_cast<Questions*>(at);
  call(NumberOf("prctl"), PR_SET_DUMPABLE, 0, 0, 0, 0, 0);  // no core when a filter kills
  for (int i = first; i < kCount; ++i) {
    if (i < kCalls && kAsked[i].older && !report->older) continue;
    report->asking = i;
    report->answer[i] = AskFiltered(call, i);
  }
  report->asking = kCount;
  for (;;) call(NumberOf("exit_group"), 0, 0, 0, 0, 0, 0);
}

// A copy of the process. No exit signal: nobody is to notice.
long Fork(Questions* questions) {
  const long child = questions->call(NumberOf("clone"), 0, 0, 0, 0, 0, 0);
  if (child == 0) RunChild(questions);
  return child;
}

// A child in the same memory, a third of what a copy costs. While there may be one
// - nothing dumps core: up to 5.15 a filter that kills with a core takes every sharer of the memory
//   along, and the core is given up before that where the memory is not dumpable;
// - all signals wait: a handler of the program's would run in both.
// With other threads neither can be had, as these may change both.
class Share {
 public:
  Share(RawCall call, Spawn spawn) : call_(call), spawn_(spawn) {
    if (spawn == nullptr || !IsAlone(call)) return;
    dumpable_ = Prctl(PR_GET_DUMPABLE, 0);
    if (dumpable_ != 0 && dumpable_ != 1) return;  // 2 cannot be set again
    const Word all = ~Word{0};
    if (Mask(&all, &mask_) != 0) return;
    works_ = Prctl(PR_SET_DUMPABLE, 0) == 0;
    if (!works_) Mask(&mask_, nullptr);
  }
  ~Share() {
    if (!works_) return;
    Prctl(PR_SET_DUMPABLE, dumpable_);
    Mask(&mask_, nullptr);
  }
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;

  bool works() const { return works_; }
  long Run(void* questions) {
    return spawn_(CLONE_VM | CLONE_VFORK, stack_ + sizeof(stack_), RunChild, questions, nullptr);
  }

 private:
  long Prctl(int option, long value) { return call_(NumberOf("prctl"), option, value, 0, 0, 0, 0); }
  long Mask(const Word* set, Word* old) {
    constexpr int kSetMask = 2;  // SIG_SETMASK
    return call_(NumberOf("rt_sigprocmask"), kSetMask, reinterpret_cast<long>(set),
                 reinterpret_cast<long>(old), sizeof(Word), 0, 0);
  }

  RawCall call_;
  Spawn spawn_;
  bool works_ = false;
  long dumpable_ = -1;
  Word mask_ = 0;
  alignas(16) char stack_[8192];
};

long RunOne(Share* share, Questions questions) {
  const long child = share->works() ? share->Run(&questions) : Fork(&questions);
  if (child < 0) return child;
  const long reaped = Reap(questions.call, child, nullptr);
  return reaped < 0 ? reaped : 0;
}

long AskInChildren(RawCall call, Share* share, volatile Report* report) {
  for (int first = 0; first < kCount;) {
    report->asking = -1;
    const long result = RunOne(share, {call, report, first});
    if (result != 0) return result;
    const int last = report->asking;
    if (last < first) return -ECHILD;  // it died before it asked anything
    if (last < kCount) report->answer[last] = Answer::kKills;
    first = last + 1;
  }
  return 0;
}

void Collect(const volatile Report& report, Answers* answers) {
  for (int i = 0; i < kCalls; ++i) answers->of[kAsked[i].nr] = report.answer[i];
  for (int i = kCalls; i < kCount; ++i) answers->of_flag[i - kCalls] = report.answer[i];
}

long ProbeInChildren(RawCall call, Spawn spawn, Answers* answers, bool older) {
  Share share(call, spawn);
  volatile Report own{};
  volatile Report* report = &own;
  if (!share.works()) {
    const long page = call(NumberOf("mmap"), 0, sizeof(Report), PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (IsError(page)) return page;
    report = reinterpret_cast<volatile Report*>(page);
  }
  report->older = older;
  const long result = AskInChildren(call, &share, report);
  Collect(*report, answers);
  if (report != &own) {
    call(NumberOf("munmap"), reinterpret_cast<long>(report), sizeof(Report), 0, 0, 0, 0);
  }
  return result;
}

}  // namespace

bool FilterInForce(RawCall call) {
  const long mode = call(NumberOf("prctl"), PR_GET_SECCOMP, 0, 0, 0, 0, 0);
  return mode != 0 && mode != -EINVAL;  // EINVAL: a kernel without seccomp
}

long Probe(RawCall call, Answers* answers, bool older, Spawn spawn) {
  *answers = {};
  if (FilterInForce(call)) return ProbeInChildren(call, spawn, answers, older);
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

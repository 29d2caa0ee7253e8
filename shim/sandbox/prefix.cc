#include "shim/sandbox/prefix.h"

#include "registers.h"  // arch/ARCH
#include "shim/plan/bpf.h"
#include "shim/plan/filter.h"
#include "tables/lookup.h"

namespace abishim::sandbox {
namespace {

using namespace bpf;

// (execve, too, which is trapped whatever a filter says.)
constexpr int kReexecuted[] = {NumberOf("openat"), NumberOf("epoll_pwait"), NumberOf("readv"),
                               NumberOf("preadv"), NumberOf("writev"),      NumberOf("pwritev"),
                               NumberOf("futex"),  NumberOf("mlock"),       NumberOf("sync"),
                               NumberOf("execve")};

// The address that the kernel shows for the gate's rt_sigreturn.
Word BehindRestorer() { return reinterpret_cast<Word>(&abishim_restorer) + arch::kRestorerBytes; }

// The accumulator is zero when a filter begins. Nearly every filter loads something first; where
// one does not, it is set to zero again, which costs the kernel's allow bitmap and nothing else.
bool ReliesOnZero(const sock_filter& first) {
  return BPF_CLASS(first.code) != BPF_LD && first.code != (BPF_RET | BPF_K);
}

constexpr unsigned kPrefix = 28;

unsigned WritePrefix(unsigned number, const sock_filter& first, sock_filter* to) {
  const Label program{};  // what follows
  ProgramOf<kPrefix - 1> p;
  const Label allow = p.Return(Allow());
  const Label yes = p.Return(Errno(kCarried));
  const Label any = p.When(Is(Argument(1), kAny), yes, allow);
  const Label mine = p.When(Is(Argument(1), number), yes, any);
  const Label question = p.When(Is(Argument(0), kMagicKept), mine, program);
  const Label end = p.When(Is(kCaller, BehindRestorer()), allow, program);
  const Label is_end = p.IfEqual(NumberOf("rt_sigreturn"), end, program);
  const Label is_question = p.IfEqual(NumberOf("prctl"), question, is_end);
  p.Load(Half::kArch, p.IfEqual(arch::kAudit, p.Load(Half::kNumber, is_question), program));
  unsigned length = 0;
  for (const sock_filter& instruction : p) to[length++] = instruction;
  if (ReliesOnZero(first)) to[length++] = {BPF_LD | BPF_IMM, 0, 0, 0};
  return length;
}

// Does the call not happen? (Who is asked by TRACE or USER_NOTIF is asked where he stands.)
bool Refuses(unsigned verdict) {
  switch (verdict & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_ALLOW:
    case SECCOMP_RET_LOG:
    case SECCOMP_RET_TRACE:
    case SECCOMP_RET_USER_NOTIF:
      return false;
    default:
      return true;
  }
}

class Suffix {
 public:
  Suffix() { Begin(); }

  // Where a return of the filter goes on; nothing for one that stays what it is.
  Label Of(const sock_filter& instruction);
  const Builder& program() const { return p_; }

 private:
  static constexpr int kVerdicts = 32;  // different ones; most filters have two or three

  void Begin();
  Label OfVerdict(unsigned verdict);

  ProgramOf<kAround - kPrefix> p_;
  Label judged_, loaded_;  // where the verdict is known to refuse, and where it is in A
  struct {
    unsigned verdict;
    Label go;
  } known_[kVerdicts];
  int count_ = 0;
};

void Suffix::Begin() {
  constexpr Word kPage = 4096;
  const Label kept = p_.ReturnKept();
  const Label trap = p_.Return(Trap(kCookie | kTrapRefused));
  const Label ours =
      p_.When(InBlock(kCaller, reinterpret_cast<Word>(abishim_gate_page), kPage), kept, trap);
  Label next = kept;
  for (const int nr : kReexecuted) next = p_.IfEqual(static_cast<unsigned>(nr), ours, next);
  judged_ = p_.Load(Half::kArch, p_.IfEqual(arch::kAudit, p_.Load(Half::kNumber, next), kept));
  Label refuses = judged_;
  for (const unsigned action :
       {SECCOMP_RET_ALLOW, SECCOMP_RET_LOG, SECCOMP_RET_TRACE, SECCOMP_RET_USER_NOTIF}) {
    refuses = p_.IfEqual(action, kept, refuses);
  }
  loaded_ = p_.KeepLoaded(p_.Mask(SECCOMP_RET_ACTION_FULL, refuses));
}

Label Suffix::OfVerdict(unsigned verdict) {
  for (int i = 0; i < count_; ++i) {
    if (known_[i].verdict == verdict) return known_[i].go;
  }
  if (count_ == kVerdicts) return {};
  known_[count_] = {verdict, p_.Keep(verdict, judged_)};
  return known_[count_++].go;
}

Label Suffix::Of(const sock_filter& instruction) {
  if (instruction.code == (BPF_RET | BPF_A)) return loaded_;
  if (instruction.code != (BPF_RET | BPF_K) || !Refuses(instruction.k)) return {};
  return OfVerdict(instruction.k);
}

// Behind a program, whose returns then lead there; gives its length.
unsigned AddSuffix(sock_filter* program, unsigned length) {
  Suffix suffix;
  for (unsigned i = 0; i < length; ++i) suffix.Of(program[i]);  // now its length is known
  const unsigned end = length + suffix.program().length();
  for (unsigned i = 0; i < length; ++i) {
    const Label go = suffix.Of(program[i]);
    if (go != Label{}) program[i] = {BPF_JMP | BPF_JA, 0, 0, end - go.at - i - 1};
  }
  for (const sock_filter& instruction : suffix.program()) program[length++] = instruction;
  return suffix.program().length();
}

}  // namespace

bool IsReexecuted(long nr) {
  for (const int one : kReexecuted) {
    if (one == nr) return true;
  }
  return false;
}

unsigned Compose(unsigned number, bool all_threads, const sock_filter* given, unsigned length,
                 sock_filter* to) {
  const unsigned before = WritePrefix(number, *given, to), after = before + length;
  for (unsigned i = 0; i < length; ++i) to[before + i] = given[i];
  return all_threads ? after + AddSuffix(to + before, length) : after;
}

}  // namespace abishim::sandbox

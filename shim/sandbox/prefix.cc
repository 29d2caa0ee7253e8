#include "shim/sandbox/prefix.h"

#include "registers.h"  // arch/ARCH
#include "shim/plan/bpf.h"
#include "tables/lookup.h"

namespace abishim::sandbox {
namespace {

using namespace bpf;

// The address that the kernel shows for the gate's rt_sigreturn.
Word BehindRestorer() { return reinterpret_cast<Word>(&abishim_restorer) + arch::kRestorerBytes; }

// The accumulator is zero when a filter begins. Nearly every filter loads something first; where
// one does not, it is set to zero again, which costs the kernel's allow bitmap and nothing else.
bool ReliesOnZero(const sock_filter& first) {
  return BPF_CLASS(first.code) != BPF_LD && first.code != (BPF_RET | BPF_K);
}

}  // namespace

unsigned WritePrefix(unsigned number, const sock_filter& first, sock_filter* to) {
  const Label program{};  // what follows
  ProgramOf<kPrefixMost - 1> p;
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

}  // namespace abishim::sandbox

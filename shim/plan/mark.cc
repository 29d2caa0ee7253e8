#include "shim/plan/mark.h"

#include "abi.h"
#include "shim/plan/bpf.h"
#include "shim/plan/install.h"
#include "shim/plan/question.h"
#include "tables/lookup.h"

namespace abishim {

bool IsMarked(RawCall call, Mark mark) {
  return call(NumberOf("prctl"), kMagic, static_cast<long>(mark), 0, 0, 0, 0) == -long{kMarked};
}

long SetMark(RawCall call, Mark mark) {
  using namespace bpf;
  Program p;
  const Label allow = p.Return(Allow()), yes = p.Return(Errno(kMarked));
  const Label asked = p.When(Is(Argument(0), kMagic),
                             p.When(Is(Argument(1), static_cast<Word>(mark)), yes, allow), allow);
  const Label number = p.Load(Half::kNumber, p.IfEqual(NumberOf("prctl"), asked, allow));
  p.Load(Half::kArch, p.IfEqual(arch::kAudit, number, allow));
  return InstallWithoutPromise(call, p.begin(), p.length());
}

}  // namespace abishim

#include "shim/plan/caller.h"

#include <linux/errno.h>
#include <linux/prctl.h>
#include <linux/wait.h>

#include "shim/plan/bpf.h"
#include "shim/plan/install.h"
#include "tables/lookup.h"

namespace abishim {
namespace {

constexpr int kRight = 0, kWrong = 1, kUnknown = 2;

// A call that cannot fail, but by a filter: ours, for its place, or another's for anything else.
int AskFiltered(RawCall call, Word near) {
  constexpr int kCall = NumberOf("getpid"), kSeen = 0x400;
  constexpr Word kBytes = Word{2} << 20;
  if (call(kCall, 0, 0, 0, 0, 0, 0) < 0) return kUnknown;
  bpf::ProgramOf<16> p;
  const bpf::Label allow = p.Return(bpf::Allow());
  const bpf::Label seen = p.When(bpf::InBlock(bpf::kCaller, near & ~(kBytes - 1), kBytes),
                                 p.Return(bpf::Errno(kSeen)), allow);
  p.Load(bpf::Half::kNumber, p.IfEqual(kCall, seen, allow));
  if (!p.fits() || Install(call, p.begin(), p.length(), false) != 0) return kUnknown;
  return call(kCall, 0, 0, 0, 0, 0, 0) == -kSeen ? kRight : kWrong;
}

}  // namespace

// The filter is the child's alone, and ends with it.
Answer ProbeCaller(RawCall call, Word near) {
  const long child = call(NumberOf("clone"), 0, 0, 0, 0, 0, 0);
  if (child < 0) return Answer::kNotAsked;
  if (child == 0) {
    call(NumberOf("prctl"), PR_SET_DUMPABLE, 0, 0, 0, 0, 0);  // no core
    const int found = AskFiltered(call, near);
    for (;;) call(NumberOf("exit_group"), found, 0, 0, 0, 0, 0);
  }
  int status = -1;
  long reaped;
  do {
    reaped = call(NumberOf("wait4"), child, reinterpret_cast<long>(&status), __WALL, 0, 0, 0);
  } while (reaped == -EINTR);
  if (reaped != child) return Answer::kNotAsked;
  return status == kRight << 8   ? Answer::kWorks
         : status == kWrong << 8 ? Answer::kWrong
                                 : Answer::kNotAsked;
}

}  // namespace abishim

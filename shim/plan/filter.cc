#include "shim/plan/filter.h"

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>

#include "shim/plan/mark.h"
#include "shim/plan/question.h"
#include "tables/lookup.h"

namespace abishim {
namespace {

using namespace bpf;

constexpr Word kPage = 4096;

// What a translating plan must see besides what it translates: whoever blocks SIGSYS, or replaces
// its handler or our alternate stack, dies at the next trap. What can do no such harm passes: a
// call without the pointers, and one that the handler itself made harmless and re-executed, whose
// mask then lies in the image.
enum class Passes : unsigned char {
  kNever,
  kLeft,
  kUnlessNull,
  kNull,
  kNullOrOurStack,
  kOurMask,
  kNullOrOurMask,
  kExtendedOrOurMask,
};
struct Control {
  int nr;
  Passes passes;
  int argument = 0, other = 0;  // the pointers that `passes` speaks of
};
// io_uring_enter(2): its pointer is not a mask but a struct that names one, which a filter cannot
// see. It passes: SIGSYS in such a mask is a documented limit.
constexpr Word kEnterExtArg = 8;
constexpr Control kControls[] = {
    {NumberOf("rt_sigreturn"), Passes::kLeft},
    {NumberOf("ptrace"), Passes::kUnlessNull, 0},  // PTRACE_TRACEME
    {NumberOf("execve"), Passes::kNever},
    {NumberOf("execveat"), Passes::kNever},
    {NumberOf("landlock_restrict_self"), Passes::kNever},
    {NumberOf("rt_sigprocmask"), Passes::kNull, 1, 2},         // set, oldset
    {NumberOf("rt_sigaction"), Passes::kNull, 1, 2},           // act, oldact
    {NumberOf("sigaltstack"), Passes::kNullOrOurStack, 0, 1},  // ss, old_ss
    {NumberOf("rt_sigsuspend"), Passes::kOurMask, 0},
    {NumberOf("ppoll"), Passes::kNullOrOurMask, 3},
    {NumberOf("epoll_pwait"), Passes::kNullOrOurMask, 4},
    {NumberOf("epoll_pwait2"), Passes::kNullOrOurMask, 4},
    {NumberOf("io_uring_enter"), Passes::kExtendedOrOurMask, 4, 3},  // mask, flags
    {NumberOf("pselect6"), Passes::kNullOrOurMask, 5},
    {NumberOf("io_pgetevents"), Passes::kNullOrOurMask, 5},
};

const Control* FindControl(int nr) {
  for (const Control& control : kControls) {
    if (control.nr == nr) return &control;
  }
  return nullptr;
}

// ld.so calls it before any constructor, when no handler is there to count (glibc 2.35).
constexpr int kBeforeUs = NumberOf("rseq");

constexpr int kOthers[] = {NumberOf("prctl"),      NumberOf("seccomp"), NumberOf("readlink"),
                           NumberOf("readlinkat"), NumberOf("uname"),   NumberOf("open"),
                           NumberOf("openat")};
// The numbers of which a filter may say something though they pass: with a look at all the others a
// start takes longer.
struct Mentioned {
  bool of[arch::kNumbers];
};
consteval Mentioned MakeMentioned() {
  Mentioned mentioned{};
  for (const Asked& row : kAsked) mentioned.of[row.nr] = true;
  for (const AskedFlag& flag : kAskedFlags) mentioned.of[flag.nr] = true;
  for (const Control& control : kControls) mentioned.of[control.nr] = true;
  for (const int nr : kOthers) mentioned.of[nr] = true;
  return mentioned;
}
constexpr Mentioned kMentioned = MakeMentioned();

class Writer {
 public:
  Writer(const Plan& plan, const Layout& layout, const FilterOptions& options, Program* program)
      : plan_(plan), layout_(layout), options_(options), p_(*program) {}

  void Write();

 private:
  // Numbers from `first` up to where the next range begins.
  struct Range {
    unsigned first;
    Label go;
  };

  Label Of(int nr);
  Label OfCall(int nr);
  Label OfControl(const Control& control);
  Label TrapOutsideGate(unsigned flags);
  Label OfSeccomp();
  Label OfOpen(int flags);
  Label OfPrctl();
  Label Question();
  Label Tree(const Range* ranges, int count);

  const Plan& plan_;
  const Layout& layout_;
  const FilterOptions& options_;
  Program& p_;
  Label allow_ = p_.Return(Allow());
  Label repair_ = p_.Return(Errno(ENOSYS));
  Label trap_[kTrapFlags + 1] = {};  // by flags; 0: not written yet
};

Label Writer::TrapOutsideGate(unsigned flags) {
  Label& label = trap_[flags];
  if (label == Label{}) {
    label =
        p_.When(InBlock(kCaller, layout_.gate, kPage), allow_, p_.Return(Trap(kCookie | flags)));
  }
  return label;
}

Label Writer::OfControl(const Control& control) {
  const Label trap = TrapOutsideGate(kTrapControl);
  const Field argument = Argument(control.argument), other = Argument(control.other);
  const Condition in_masks = InBlock(argument, layout_.masks, layout_.masks_bytes);
  switch (control.passes) {
    case Passes::kLeft:  // arch/*/gate.S
      return layout_.left == 0 ? trap
                               : p_.When(Is(kCaller, layout_.left), p_.Return(Errno(0)), trap);
    case Passes::kUnlessNull:
      return p_.When(IsNull(argument), trap, allow_);
    case Passes::kNull:
      return p_.When(IsNull(argument), p_.When(IsNull(other), allow_, trap), trap);
    case Passes::kNullOrOurStack:
      return p_.When(IsNull(other),
                     p_.When(IsNull(argument), allow_, p_.When(in_masks, allow_, trap)), trap);
    case Passes::kOurMask:
      return p_.When(in_masks, allow_, trap);
    case Passes::kExtendedOrOurMask:
      return p_.When(
          IsNull(argument), allow_,
          p_.When(HasBits(other, kEnterExtArg), allow_, p_.When(in_masks, allow_, trap)));
    case Passes::kNullOrOurMask:
      return p_.When(IsNull(argument), allow_, p_.When(in_masks, allow_, trap));
    default:
      return trap;
  }
}

// Any other question is the kernel's to answer: EINVAL.
Label Writer::Question() {
  const Presence presence{.present = true,
                          .base = layout_.base,
                          .version = kContract,
                          .translates = plan_.translates,
                          .stats = options_.count_repairs,
                          .exec = options_.exec,
                          .bare = options_.bare,
                          .mode = options_.mode,
                          .vsyscall = plan_.vsyscall,
                          .never_older = options_.never_older,
                          .older = options_.older};
  Label answer = allow_;
  if (options_.loads) {
    const Word marked = static_cast<Word>(Mark::kReadLink);
    answer = p_.When(Is(Argument(1), marked), p_.Return(Errno(kMarked)), allow_);
  }
  for (int i = kQuestions - 1; i >= 0; --i) {
    const Label say = p_.Return(Errno(AnswerOf(presence, i)));
    answer = p_.When(Is(Argument(1), static_cast<Word>(i)), say, answer);
  }
  return answer;
}

// The program's own sandbox: shim/sandbox.
Label Writer::OfPrctl() {
  Label other = allow_;
  if (plan_.translates) {
    const Label trap = TrapOutsideGate(kTrapControl);
    if (options_.bare) other = p_.When(IsInt(Argument(0), PR_GET_SECCOMP), trap, other);
    other = p_.When(IsInt(Argument(0), PR_SET_SECCOMP), trap, other);
  }
  const Label question = Question();
  return p_.When(Is(Argument(0), kMagic), question, other);
}

Label Writer::OfSeccomp() {
  const Label trap = TrapOutsideGate(kTrapControl);
  const Label strict = p_.When(IsInt(Argument(0), SECCOMP_SET_MODE_STRICT), trap, allow_);
  return p_.When(IsInt(Argument(0), SECCOMP_SET_MODE_FILTER), trap, strict);
}

// Files under /proc are read: what makes, writes or looks for a directory passes.
Label Writer::OfOpen(int flags) {
  constexpr Word kOther = O_ACCMODE | O_CREAT | O_DIRECTORY | O_PATH, kUpperHalf = ~Word{0} << 32;
  const Label asked =
      p_.When({Argument(flags), kUpperHalf, kOpensAnother}, allow_, TrapOutsideGate(kTrapControl));
  return p_.When({Argument(flags), kOther, 0}, asked, allow_);
}

Label Writer::OfCall(int nr) {
  if (plan_.verdict[nr] == Verdict::kTranslate) {
    return TrapOutsideGate(plan_.host_has[nr] ? kTrapHostHas : 0);
  }
  if (plan_.verdict[nr] == Verdict::kRepair) {
    return plan_.translates && options_.count_repairs && nr != kBeforeUs
               ? TrapOutsideGate(kTrapRepair)
               : repair_;
  }
  if (nr == NumberOf("prctl")) return OfPrctl();
  if (nr == NumberOf("seccomp") && plan_.translates) return OfSeccomp();
  const bool link = nr == NumberOf("readlink") || nr == NumberOf("readlinkat");
  if (link && options_.loads) return TrapOutsideGate(kTrapControl);
  if (nr == NumberOf("uname") && plan_.uname) return TrapOutsideGate(kTrapControl);
  if (nr == NumberOf("open") && plan_.uname) return OfOpen(1);
  if (nr == NumberOf("openat") && plan_.uname) return OfOpen(2);
  const Control* control = plan_.translates ? FindControl(nr) : nullptr;
  return control != nullptr ? OfControl(*control) : allow_;
}

Label Writer::Of(int nr) {
  Label go = OfCall(nr);
  for (int i = 0; i < CountAskedFlags(); ++i) {
    const AskedFlag& flag = kAskedFlags[i];
    if (flag.nr != nr || !plan_.lacks_flag[i]) continue;
    const Condition use{Argument(flag.use.argument), flag.use.mask, flag.use.value};
    go = p_.When(use, TrapOutsideGate(kTrapFlag), go);
  }
  return go;
}

Label Writer::Tree(const Range* ranges, int count) {
  if (count == 1) return ranges->go;
  const int half = count / 2;
  const Label upper = Tree(ranges + half, count - half);
  const Label lower = Tree(ranges, half);
  return p_.IfAtLeast(ranges[half].first, upper, lower);
}

// The kernel's per-number allow bitmap (5.11) takes in every number that comes to ALLOW by the arch
// and the number alone, so nothing else is looked at before the tree has parted them. The last
// range allows whatever is not in the table, x32's numbers (bit 30) among them.
void Writer::Write() {
  Range ranges[arch::kNumbers + 1];
  int count = 0;
  for (int nr = 0; nr <= arch::kNumbers; ++nr) {
    const bool passes =
        nr == arch::kNumbers || (!kMentioned.of[nr] && plan_.verdict[nr] == Verdict::kPass);
    const Label go = passes ? allow_ : Of(nr);
    if (count > 0 && ranges[count - 1].go == go) continue;
    ranges[count++] = {static_cast<unsigned>(nr), go};
  }
  const Label number = p_.Load(Half::kNumber, Tree(ranges, count));
  p_.Load(Half::kArch, p_.IfEqual(arch::kAudit, number, allow_));
}

bool Sound(const Layout& layout) {
  const Word bytes = layout.masks_bytes;
  return layout.gate % kPage == 0 && bytes != 0 && (bytes & (bytes - 1)) == 0 &&
         layout.masks % bytes == 0;
}

}  // namespace

bool BuildFilter(const Plan& plan, const Layout& layout, const FilterOptions& options,
                 Program* program) {
  if (plan.translates && !Sound(layout)) return false;
  Writer(plan, layout, options, program).Write();
  return program->fits();
}

}  // namespace abishim

#include "shim/plan/plan.h"

#include "tables/lookup.h"

namespace abishim {
namespace {

constexpr int kClone3 = NumberOf("clone3");
constexpr int kStatx = NumberOf("statx");

Verdict Judge(const Asked& row, Answer answer, Policy policy) {
  const bool translate = policy == Policy::kTranslate && row.translated && row.nr != kClone3;
  switch (answer) {
    case Answer::kMissing:  // without a translation ENOSYS is the honest answer already
      return translate ? Verdict::kTranslate : Verdict::kPass;
    case Answer::kDenied:
    case Answer::kWrong:
      return translate ? Verdict::kTranslate : Verdict::kRepair;
    default:
      return Verdict::kPass;
  }
}

// RHEL 7's 3.10 has copy_file_range, which then answers ENOSYS for every ordinary file. statx came
// later (4.11) and nobody backported it that far: a kernel that has it does not lie.
bool MayLie(const Asked& row, const Answers& answers) {
  return row.host_may_lie && answers.of[row.nr] == Answer::kWorks &&
         answers.of[kStatx] == Answer::kMissing;
}

// The rows that are minor, or those that are not.
void JudgeAll(bool minor, const Answers& answers, Policy policy, Plan* plan) {
  for (const Asked& row : kAsked) {
    if (row.minor != minor) continue;
    Verdict& verdict = plan->verdict[row.nr];
    verdict = Judge(row, answers.of[row.nr], policy);
    if (policy == Policy::kTranslate && MayLie(row, answers)) {
      verdict = Verdict::kTranslate;
      plan->host_has[row.nr] = true;
    }
    if (verdict == Verdict::kTranslate) plan->translates = true;
    if (verdict != Verdict::kPass) plan->empty = false;
  }
}

// Never a reason for a plan: no kernel has all calls and lacks one of these flags
// (tables/check.cc).
void JudgeFlags(const Answers& answers, Plan* plan) {
  for (int i = 0; i < CountAskedFlags(); ++i) {
    plan->lacks_flag[i] = answers.of_flag[i] == Answer::kMissing &&
                          plan->verdict[kAskedFlags[i].nr] == Verdict::kPass;
  }
}

// CLONE_CLEAR_SIGHAND would take our handler away. Callers fall back to clone, which cannot.
void KeepHandler(const Answers& answers, Plan* plan) {
  if (answers.of[kClone3] != Answer::kKills) plan->verdict[kClone3] = Verdict::kRepair;
}

}  // namespace

Plan MakePlan(const Answers& answers, Policy policy, bool traps) {
  Plan plan;
  JudgeAll(false, answers, policy, &plan);
  // Not worth a handler, nor what it costs every exec, where nothing else needs one.
  JudgeAll(true, answers, plan.translates ? policy : Policy::kRepair, &plan);
  if (plan.translates && traps) JudgeFlags(answers, &plan);
  if (plan.translates && traps) KeepHandler(answers, &plan);
  return plan;
}

void AddUname(const Answers& answers, Plan* plan) {
  plan->uname = plan->translates = true;
  plan->empty = false;
  KeepHandler(answers, plan);
}

void AddVsyscall(const Answers& answers, Plan* plan) {
  plan->vsyscall = plan->translates = true;
  plan->empty = false;
  KeepHandler(answers, plan);
}

}  // namespace abishim

#include "shim/patch/patch.h"

#include "shim/deliver/site.h"
#include "shim/memory/host.h"
#include "shim/patch/find.h"
#include "shim/patch/helper.h"
#include "shim/patch/jump.h"
#include "shim/patch/trampoline.h"
#include "shim/patch/window.h"
#include "shim/plan/filter.h"
#include "shim/start/agent.h"
#include "shim/start/settings.h"

namespace abishim::patch {

constinit unsigned char g_fast[arch::kNumbers] = {};

Outcome MakeJump(const memory::Own& own, const Text& text, const arch::Site& site, Change* change) {
  const Word slot = TakeSlot(site.start, text.start);
  if (slot == 0) return Outcome::kReach;
  const arch::Slot code = arch::MakeSlot(site, slot, reinterpret_cast<Word>(&abishim_site_entry),
                                         reinterpret_cast<Word>(g_fast), arch::kNumbers);
  if (own.Write(slot, code.bytes, sizeof(code.bytes)) != 0) return Outcome::kRefused;
  *change = MakeChange(site.start, arch::JumpTo(site.start, slot).bytes, arch::kJumpBytes);
  return Outcome::kPatched;
}

namespace {

struct Job {
  arch::Site site;
  Outcome outcome;
};

// In the helper.
void Write(void* at) {
  Job& job = *static_cast<Job*>(at);
  const arch::Site& site = job.site;
  Text text;
  job.outcome = Outcome::kMapping;
  if (FindText(site.start, site.end, &text) != Found::kText) return;
  const memory::Own own;
  Change change;
  job.outcome = MakeJump(own, text, site, &change);
  if (job.outcome != Outcome::kPatched) return;
  if (!Exchange(own, text, &change, 1)) job.outcome = Outcome::kRefused;
}

// Further back than another call there stands that one's jump.
bool HasJump(const unsigned char* before, Word end) {
  constexpr Word kCall = arch::kSyscallBytes;
  for (Word back = arch::kJumpBytes + kCall; back <= arch::kSiteWindow; ++back) {
    const unsigned char* const at = before + arch::kSiteWindow - back;
    if (arch::IsCall(at)) return false;
    if (IsSlot(arch::TargetOfJump(at, end - back))) return true;
  }
  return false;
}

Outcome Patch(Word end, long nr, const Args& args) {
  unsigned char before[arch::kSiteWindow];
  int unknown;
  if (!ReadWindow(end, before, &unknown)) return Outcome::kMapping;
  if (HasJump(before, end)) return Outcome::kAlready;
  const arch::Site site = arch::FindSite(before, unknown, end, nr, args.word);
  if (site.shape == arch::Shape::kNone) return Outcome::kShape;
  if (PageOf(site.start) != PageOf(site.start + arch::kJumpBytes - 1)) return Outcome::kAcross;
  Job job{site, Outcome::kRefused};
  WithOwnFiles(Write, &job);
  return job.outcome;
}

}  // namespace

void Trapped(Word end, long nr, const Args& args, unsigned data) {
  constexpr unsigned kNotByNumber = kTrapRepair | kTrapRefused | kTrapFlag;
  if (start::g_settings.mode == start::Mode::kTrap || (data & kNotByNumber) != 0) return;
  if (sandbox::g_kept.load(std::memory_order_relaxed) != 0) return;
  if (!deliver::CanBeFast(nr, (data & kTrapControl) != 0)) return;
  if (!IsDue(end) || !BeginAttempt()) return;
  const Outcome outcome = Patch(end, nr, args);
  const bool done = outcome == Outcome::kPatched || outcome == Outcome::kAlready;
  // Only now: a shared site then begins to take this number, too.
  if (done) g_fast[nr] = static_cast<unsigned char>(kFast | (data & kTrapFlags));
  EndAttempt(end, nr, outcome);
}

}  // namespace abishim::patch

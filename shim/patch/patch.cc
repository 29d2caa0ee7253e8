#include "shim/patch/patch.h"

#include <atomic>

#include "patch_site.h"  // arch/ARCH
#include "shim/deliver/site.h"
#include "shim/memory/host.h"
#include "shim/patch/exchange.h"
#include "shim/patch/find.h"
#include "shim/patch/helper.h"
#include "shim/patch/trampoline.h"
#include "shim/plan/filter.h"
#include "shim/start/agent.h"
#include "shim/start/log.h"
#include "shim/start/settings.h"

namespace abishim::patch {

constinit unsigned char g_fast[arch::kNumbers] = {};

namespace {

// How often the sites trapped whose addresses come to the same place here. A site may so be taken
// for busier than it is, or never be tried because another one was in vain; neither does harm.
constexpr int kCounters = 4096;
constexpr unsigned char kNever = 0xff;
constinit std::atomic<unsigned char> g_traps[kCounters] = {};

std::atomic<unsigned char>& CounterOf(Word end) { return g_traps[end * 0x9e3779b97f4a7c15 >> 52]; }

// Nobody waits for it: he who finds it taken tries again at a later trap. A thread that dies with
// it leaves all further sites trapping.
constinit std::atomic<bool> g_lock;

enum class Outcome {
  kPatched,
  kAlready,
  kShape,    // no five bytes that can be moved
  kAcross,   // they cross the end of a page
  kMapping,  // not a private mapping of a file that has a name, or it is writable
  kReach,    // no room for a trampoline
  kRefused,  // the kernel lets nobody write, or the file cannot be opened
};
constexpr char kOutcomes[][48] = {
    "patched", "patched before",           "other instructions",   "across the end of a page",
    "mapping", "no room for a trampoline", "could not be written",
};

bool Copy(unsigned char* to, Word from, Word bytes) {
  return abishim_copy(to, reinterpret_cast<const void*>(from), bytes) == 0;
}

// The bytes that end at `end`; *unknown: how many of them could not be read, as the text begins
// behind them.
bool ReadWindow(Word end, unsigned char (&to)[arch::kSiteWindow], int* unknown) {
  const Word window = end - sizeof(to), page = PageOf(end - 1);
  *unknown = 0;
  if (Copy(to, window, sizeof(to))) return true;
  if (page <= window) return false;
  *unknown = static_cast<int>(page - window);
  return Copy(to + *unknown, page, sizeof(to) - static_cast<Word>(*unknown));
}

struct Job {
  arch::Site site;
  long nr;
  Outcome outcome;
};

// In the helper.
void Write(void* at) {
  Job& job = *static_cast<Job*>(at);
  const arch::Site& site = job.site;
  Text text;
  job.outcome = Outcome::kMapping;
  if (FindText(site.start, site.end, &text) != Found::kText) return;
  job.outcome = Outcome::kReach;
  const Word slot = TakeSlot(site.start, text.start);
  if (slot == 0) return;
  job.outcome = Outcome::kRefused;
  const memory::Own own;
  const arch::Slot code =
      arch::MakeSlot(site, job.nr, slot, reinterpret_cast<Word>(&abishim_site_entry),
                     reinterpret_cast<Word>(g_fast), arch::kNumbers);
  if (own.Write(slot, code.bytes, sizeof(code.bytes)) == 0 &&
      Exchange(own, text, site.start, arch::JumpTo(site.start, slot))) {
    job.outcome = Outcome::kPatched;
  }
}

Outcome Patch(Word end, long nr) {
  unsigned char before[arch::kSiteWindow];
  int unknown;
  if (!ReadWindow(end, before, &unknown)) return Outcome::kMapping;
  for (const Word back : {7, 9}) {
    const unsigned char* jump = before + arch::kSiteWindow - back;
    if (IsSlot(arch::TargetOfJump(jump, end - back))) return Outcome::kAlready;
  }
  const arch::Site site = arch::FindSite(before, unknown, end, nr);
  if (site.shape == arch::Shape::kNone) return Outcome::kShape;
  if (PageOf(site.start) != PageOf(site.start + arch::kJumpBytes - 1)) return Outcome::kAcross;
  Job job{site, nr, Outcome::kRefused};
  WithOwnFiles(Write, &job);
  return job.outcome;
}

void Log(Word end, long nr, Outcome outcome) {
  if (start::Log() == nullptr || outcome == Outcome::kAlready) return;
  start::Line line;
  line.Text("site ").Hex(end).Text(" of call ").Number(nr);
  if (outcome != Outcome::kPatched) line.Text(" goes on trapping: ");
  line.Text(outcome == Outcome::kPatched ? " " : "").Text(kOutcomes[static_cast<int>(outcome)]);
  line.Write(start::Log());
}

}  // namespace

void Trapped(Word end, long nr, unsigned data) {
  constexpr unsigned kNotByNumber = kTrapRepair | kTrapRefused | kTrapFlag;
  if (start::g_settings.mode == start::Mode::kTrap || (data & kNotByNumber) != 0) return;
  if (sandbox::g_kept.load(std::memory_order_relaxed) != 0) return;
  if (!deliver::CanBeFast(nr, (data & kTrapControl) != 0)) return;
  std::atomic<unsigned char>& traps = CounterOf(end);
  const unsigned char so_far = traps.load(std::memory_order_relaxed);
  if (so_far == kNever) return;
  const unsigned often = start::g_settings.mode == start::Mode::kEager ? 1 : kOften;
  if (so_far + 1u < often) {
    traps.store(static_cast<unsigned char>(so_far + 1), std::memory_order_relaxed);
    return;
  }
  if (g_lock.exchange(true)) return;
  const Outcome outcome = Patch(end, nr);
  const bool done = outcome == Outcome::kPatched || outcome == Outcome::kAlready;
  // Only now: a shared site then begins to take this number, too.
  if (done) g_fast[nr] = static_cast<unsigned char>(kFast | (data & kTrapFlags));
  traps.store(done ? 0 : kNever, std::memory_order_relaxed);
  Log(end, nr, outcome);
  g_lock.store(false);
}

void ForgetOthers() { g_lock.store(false); }

}  // namespace abishim::patch

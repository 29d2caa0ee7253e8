#include "shim/patch/attempt.h"

#include <atomic>

#include "shim/patch/patch.h"
#include "shim/start/agent.h"
#include "shim/start/log.h"
#include "shim/start/settings.h"

namespace abishim::patch {
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

constexpr char kOutcomes[][48] = {
    "patched", "patched before",           "other instructions",   "across the end of a page",
    "mapping", "no room for a trampoline", "could not be written",
};

void Log(Word end, long nr, Outcome outcome) {
  if (start::Log() == nullptr || outcome == Outcome::kAlready) return;
  start::Line line;
  line.Text("site ").Hex(end).Text(" of call ").Number(nr);
  if (outcome != Outcome::kPatched) line.Text(" goes on trapping: ");
  line.Text(outcome == Outcome::kPatched ? " " : "").Text(kOutcomes[static_cast<int>(outcome)]);
  line.Write(start::Log());
}

}  // namespace

bool IsDue(Word end) {
  std::atomic<unsigned char>& traps = CounterOf(end);
  const unsigned char so_far = traps.load(std::memory_order_relaxed);
  if (so_far == kNever) return false;
  const unsigned often = start::g_settings.mode == start::Mode::kEager ? 1 : kOften;
  if (so_far + 1u < often) {
    traps.store(static_cast<unsigned char>(so_far + 1), std::memory_order_relaxed);
    return false;
  }
  return true;
}

bool BeginAttempt() { return !g_lock.exchange(true); }

void EndAttempt(Word end, long nr, Outcome outcome) {
  const bool done = outcome == Outcome::kPatched || outcome == Outcome::kAlready;
  CounterOf(end).store(done ? 0 : kNever, std::memory_order_relaxed);
  if (outcome == Outcome::kPatched && start::g_stats != nullptr) start::g_stats->CountSite(nr);
  Log(end, nr, outcome);
  g_lock.store(false);
}

void BeginMany() {
  while (!BeginAttempt()) HostCall<"sched_yield">();
}

void EndMany() { g_lock.store(false); }

void ForgetOthers() { g_lock.store(false); }

}  // namespace abishim::patch

// The counters of `abishim run --stats`: one file, mapped shared by every process of the tree.
//
// The command makes the file and names it in ABISHIM_STATS. The shim maps it MAP_SHARED and counts
// what it handles; nothing is opened or closed afterwards. A repair is answered by the kernel
// itself and seen by nobody, so under --stats a REPAIR row traps too where the plan translates
// anyway (shim/plan/filter.h, count_repairs). A plan that only repairs installs no handler and
// counts nothing.
// Freestanding: shared by the image and by the hosted command.
#pragma once

namespace abishim {

struct CallStats {
  unsigned long long trapped;   // translated by the SIGSYS handler
  unsigned long long patched;   // translated without a trap
  unsigned long long repaired;  // answered with the honest errno
  unsigned long long sites;     // that were patched when this call trapped there; of each process
  unsigned long long
      cycles;  // of arch::CycleCounter, in our hands; not the kernel's part of a trap
};

struct Stats {
  static constexpr unsigned long long kMagic = 0x7374'6174'7368'696d;  // "mihstats"
  static constexpr unsigned long long kVersion = 3;
  static constexpr int kCalls = 512;

  unsigned long long magic;
  unsigned long long version;
  CallStats calls[kCalls];  // by the architecture's number

  bool IsOurs() const { return magic == kMagic && version == kVersion; }
  void CountTrap(long number) { Count(number, &CallStats::trapped); }
  void CountPatched(long number) { Count(number, &CallStats::patched); }
  unsigned long long* PatchedCounter(long number) { return &calls[number].patched; }
  void CountRepair(long number) { Count(number, &CallStats::repaired); }
  void CountSite(long number) { Count(number, &CallStats::sites); }
  void AddCycles(long number, unsigned long long more) { Count(number, &CallStats::cycles, more); }

 private:
  void Count(long number, unsigned long long CallStats::*counter, unsigned long long more = 1) {
    if (number < 0 || number >= kCalls) return;
    __atomic_fetch_add(&(calls[number].*counter), more, __ATOMIC_RELAXED);
  }
};
static_assert(sizeof(Stats) == 16 + 512 * 40);
static_assert(__builtin_offsetof(Stats, calls) == 16);

namespace start {

// Maps the counters; null where they cannot be had. (In the image only.)
Stats* MapStats(const char* path);

}  // namespace start

}  // namespace abishim

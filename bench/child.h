// A process of its own for each measurement: filters cannot be taken back, and the shim changes a
// process for good.
#pragma once

#include <benchmark/benchmark.h>
#include <sys/types.h>

#include <functional>

namespace abishim::bench {

// How the call is delivered in the child.
enum class Shim {
  kNone,
  kLoaded,
  kUnguarded,  // unguarded.cc: it does not look at filters of the program's own
};
enum class Outer {
  kNone,        // no filter of a container
  kOldKernel,   // denies (ENOSYS) what came after 3.10, allows the rest by number: has the bitmap
  kOldProfile,  // the same with EPERM, and clone3 among them
  kNoPtrace,    // as kOldKernel, and ptrace is denied: as by the engines of that time
  kNoBitmap,    // as kOldKernel, but looks at an argument first: as before Linux 5.11
};

struct Setup {
  Outer outer = Outer::kNone;
  Shim shim = Shim::kNone;
  const char* mode = "patched";          // of the shim: ABISHIM_MODE
  int calls = 1;                         // made by one `call`, which is divided by it
  long batch = 1000;                     // calls between two looks at the time
  std::function<void()> before = [] {};  // in the child, before the filter
  std::function<void()> after = [] {};   // in the child, after all the rest
};

// Runs `call` state.iterations() times in such a child, timed there.
void Measure(benchmark::State& state, const Setup& setup, const std::function<void()>& call);

// The raw call, arguments zero but the first: no libc in between but its syscall().
long Raw(long nr, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0);

}  // namespace abishim::bench

// What does a call cost that needs no help?
#include <sys/syscall.h>

#include "bench/child.h"

namespace abishim::bench {
namespace {

void Trivial(benchmark::State& state, Outer outer, Shim shim) {
  Measure(state, {.outer = outer, .shim = shim}, [] { Raw(SYS_getppid); });
}

void Filtered(benchmark::State& state) {
  // The kernel's own price of having a filter at all, however small.
  Measure(state, {.outer = Outer::kOldKernel}, [] { Raw(SYS_getppid); });
}

BENCHMARK_CAPTURE(Trivial, bare_native, Outer::kNone, Shim::kNone)->UseManualTime();
BENCHMARK_CAPTURE(Trivial, bare_empty_plan, Outer::kNone, Shim::kLoaded)->UseManualTime();
BENCHMARK(Filtered)->Name("Trivial/container_native")->UseManualTime();
BENCHMARK_CAPTURE(Trivial, container_abishim, Outer::kOldKernel, Shim::kLoaded)->UseManualTime();
BENCHMARK_CAPTURE(Trivial, no_bitmap_native, Outer::kNoBitmap, Shim::kNone)->UseManualTime();
BENCHMARK_CAPTURE(Trivial, no_bitmap_abishim, Outer::kNoBitmap, Shim::kLoaded)->UseManualTime();

}  // namespace
}  // namespace abishim::bench

// What does a call cost that needs no help?
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

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

void Read(benchmark::State& state, Shim shim) {
  Measure(state, {.outer = Outer::kOldKernel, .shim = shim}, [] {
    static const int zero = open("/dev/zero", O_RDONLY);
    char byte;
    benchmark::DoNotOptimize(read(zero, &byte, 1));
  });
}

BENCHMARK_CAPTURE(Trivial, bare_native, Outer::kNone, Shim::kNone)->UseManualTime();
BENCHMARK_CAPTURE(Trivial, bare_empty_plan, Outer::kNone, Shim::kLoaded)->UseManualTime();
BENCHMARK(Filtered)->Name("Trivial/container_native")->UseManualTime();
BENCHMARK_CAPTURE(Trivial, container_abishim, Outer::kOldKernel, Shim::kLoaded)->UseManualTime();
BENCHMARK_CAPTURE(Trivial, no_bitmap_native, Outer::kNoBitmap, Shim::kNone)->UseManualTime();
BENCHMARK_CAPTURE(Trivial, no_bitmap_abishim, Outer::kNoBitmap, Shim::kLoaded)->UseManualTime();
BENCHMARK_CAPTURE(Read, container_native, Shim::kNone)->UseManualTime();
BENCHMARK_CAPTURE(Read, container_abishim, Shim::kLoaded)->UseManualTime();

}  // namespace
}  // namespace abishim::bench

// What does a fork cost, with the wait for the child?
#include <sys/wait.h>
#include <unistd.h>

#include "bench/child.h"

namespace abishim::bench {
namespace {

void Fork(benchmark::State& state, Shim shim) {
  Measure(state, {.outer = Outer::kOldKernel, .shim = shim, .batch = 20}, [] {
    const pid_t child = fork();
    if (child == 0) _exit(0);
    int status;
    if (waitpid(child, &status, 0) != child || status != 0) _exit(1);
  });
}
BENCHMARK_CAPTURE(Fork, native, Shim::kNone)->UseManualTime()->Iterations(200);
BENCHMARK_CAPTURE(Fork, abishim, Shim::kLoaded)->UseManualTime()->Iterations(200);

}  // namespace
}  // namespace abishim::bench

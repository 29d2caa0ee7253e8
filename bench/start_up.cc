// What does the library add to the start of a program? spawn and wait of a small dynamic program.
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "bench/child.h"

namespace abishim::bench {
namespace {

enum class Preload { kEmpty, kAbishim };

void Spawn(const std::string& preload) {
  char program[] = "/bin/true";
  char* arguments[] = {program, nullptr};
  std::string variable = "LD_PRELOAD=" + preload;
  char* environment[] = {variable.data(), nullptr};
  pid_t child;
  if (posix_spawn(&child, program, nullptr, nullptr, arguments, environment) != 0) _exit(1);
  int status;
  if (waitpid(child, &status, 0) != child || status != 0) _exit(1);
}

// `joined`: the parent has the shim, so that the child finds the filter there and only joins.
void StartUp(benchmark::State& state, Outer outer, Preload preload, bool joined) {
  const std::string library =
      getenv(preload == Preload::kEmpty ? "ABISHIM_BENCH_EMPTY" : "ABISHIM_BENCH_LIBRARY");
  Measure(state, {.outer = outer, .shim = joined ? Shim::kLoaded : Shim::kNone, .batch = 20},
          [library] { Spawn(library); });
}

#define START_UP(...) BENCHMARK_CAPTURE(StartUp, __VA_ARGS__)->UseManualTime()->Iterations(200)
START_UP(bare_empty_preload, Outer::kNone, Preload::kEmpty, false);
START_UP(bare_abishim, Outer::kNone, Preload::kAbishim, false);
START_UP(container_empty_preload, Outer::kOldKernel, Preload::kEmpty, false);
START_UP(container_abishim_first, Outer::kOldKernel, Preload::kAbishim, false);
START_UP(container_abishim_joins, Outer::kOldKernel, Preload::kAbishim, true);

}  // namespace
}  // namespace abishim::bench

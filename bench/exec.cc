// What does an exec cost that takes the shim along? vfork, execve and wait of a small program.
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "bench/child.h"

namespace abishim::bench {
namespace {

void Run(const char* program) {
  char* arguments[] = {const_cast<char*>(program), nullptr};
  char* environment[] = {nullptr};
  const pid_t child = vfork();
  if (child == 0) {
    execve(program, arguments, environment);
    _exit(1);
  }
  int status;
  if (waitpid(child, &status, 0) != child || status != 0) _exit(1);
}

// `program`: the variable that names it.
void Exec(benchmark::State& state, const char* program, Outer outer, Shim shim) {
  const std::string path = getenv(program);
  Measure(state, {.outer = outer, .shim = shim, .batch = 20}, [path] { Run(path.c_str()); });
}

constexpr char kDynamic[] = "ABISHIM_BENCH_DYNAMIC", kStatic[] = "ABISHIM_BENCH_STATIC";

#define EXEC(...) BENCHMARK_CAPTURE(Exec, __VA_ARGS__)->UseManualTime()->Iterations(200)
EXEC(dynamic_native, kDynamic, Outer::kOldKernel, Shim::kNone);
EXEC(dynamic_carried, kDynamic, Outer::kOldKernel, Shim::kLoaded);
EXEC(dynamic_loaded, kDynamic, Outer::kNoPtrace, Shim::kLoaded);
EXEC(static_native, kStatic, Outer::kOldKernel, Shim::kNone);
EXEC(static_carried, kStatic, Outer::kOldKernel, Shim::kLoaded);
EXEC(static_loaded, kStatic, Outer::kNoPtrace, Shim::kLoaded);

}  // namespace
}  // namespace abishim::bench

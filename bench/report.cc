// Runs the benchmarks interleaved and prints the ratios that matter, by the least of the
// repetitions: on a busy machine the least is the truest.
#include <benchmark/benchmark.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace {

class Collector : public benchmark::ConsoleReporter {
 public:
  Collector() : ConsoleReporter(OO_None) {}
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration || run.error_occurred) continue;
      double& least = least_.try_emplace(Plain(run.run_name.function_name), 1e18).first->second;
      least = std::min(least, run.GetAdjustedRealTime());
    }
  }
  double Least(const std::string& name) const {
    const auto found = least_.find(name);
    return found == least_.end() ? 0 : found->second;
  }
  const std::map<std::string, double>& all() const { return least_; }

 private:
  static std::string Plain(const std::string& name) { return name; }
  std::map<std::string, double> least_;
};

struct Ratio {
  const char* what;
  const char* of;
  const char* to;
};
constexpr Ratio kRatios[] = {
    {"pass-through, bare, empty plan", "Trivial/bare_empty_plan", "Trivial/bare_native"},
    {"pass-through under a container's filter", "Trivial/container_abishim",
     "Trivial/container_native"},
    {"the same without the allow bitmap (before 5.11)", "Trivial/no_bitmap_abishim",
     "Trivial/no_bitmap_native"},
    {"trap, to an empty SIGSYS handler", "Trap/abishim", "Trap/empty_handler"},
    {"a trap without a sandbox, to a library that asks none", "Trap/abishim", "Trap/unguarded"},
    {"epoll_pwait2 re-executed, to the same", "Epoll/reexecuted", "Epoll/unguarded"},
    {"a trap in a sandbox, to one without", "Trap/in_sandbox", "Trap/abishim"},
    {"Syscall User Dispatch, to an empty SIGSYS handler", "Trap/user_dispatch",
     "Trap/empty_handler"},
    {"USER_NOTIF, to the same", "Trap/user_notif", "Trap/empty_handler"},
    {"RET_TRACE, to the same", "Trap/ret_trace", "Trap/empty_handler"},
    {"constant answer, patched, to the native call", "Constant/patched", "Constant/native"},
    {"the same by libc's syscall()", "Shared/constant_patched", "Shared/constant_native"},
    {"a call that only comes by there, to unpatched", "Shared/pass_patched",
     "Shared/pass_unpatched"},
    {"getrandom, patched, to open, read, close", "Getrandom/site_patched", "Urandom/direct"},
    {"getrandom, trapped, to the same", "Getrandom/site_trap", "Urandom/direct"},
    {"getrandom, patched, to native", "Getrandom/site_patched", "Getrandom/site_native"},
    {"statx, patched, to fstatat", "Statx/patched", "Fstatat/direct"},
    {"statx, trapped, to fstatat", "Statx/trap", "Fstatat/direct"},
    {"sigprocmask, patched, to native", "Sigprocmask/patched", "Sigprocmask/native"},
    {"sigprocmask, trapped, to native", "Sigprocmask/trap", "Sigprocmask/native"},
    {"sigaction, patched, to native", "Sigaction/patched", "Sigaction/native"},
    {"time() at a patched call of the vsyscall page, to vDSO", "Time/page_patched", "Time/vdso"},
    {"getrandom by syscall(), to native", "Getrandom/translated", "Getrandom/native"},
    {"epoll_pwait2 re-executed, to native", "Epoll/reexecuted", "Epoll/native"},
    {"an errno repaired, to one of the kernel's own", "Errno/repaired", "Errno/native"},
    {"start-up bare, to an empty LD_PRELOAD", "StartUp/bare_abishim", "StartUp/bare_empty_preload"},
    {"start-up in a container, first process", "StartUp/container_abishim_first",
     "StartUp/container_empty_preload"},
    {"start-up in a container, after an exec", "StartUp/container_abishim_joins",
     "StartUp/container_empty_preload"},
    {"exec of a dynamic program, carried over", "Exec/dynamic_carried", "Exec/dynamic_native"},
    {"exec of a dynamic program, by the loader", "Exec/dynamic_loaded", "Exec/dynamic_native"},
    {"exec of a static program, carried over", "Exec/static_carried", "Exec/static_native"},
    {"exec of a static program, by the loader", "Exec/static_loaded", "Exec/static_native"},
};

void SetDefault(const char* name, const std::string& value) { setenv(name, value.c_str(), 0); }

}  // namespace

int main(int argc, char** argv) {
  if (getenv("ABISHIM_MODE") == nullptr) {
    SetDefault("ABISHIM_MODE", "patched");
    execv("/proc/self/exe", argv);
    return 1;
  }
  char path[4096] = {};
  if (readlink("/proc/self/exe", path, sizeof(path) - 1) < 0) return 1;
  const std::string folder = std::string(path).substr(0, std::string(path).rfind('/'));
  SetDefault("ABISHIM_BENCH_LIBRARY", folder + "/libabishim.so");
  SetDefault("ABISHIM_BENCH_UNGUARDED", folder + "/libabishim_bench_unguarded.so");
  SetDefault("ABISHIM_BENCH_EMPTY", folder + "/libabishim_bench_empty.so");
  SetDefault("ABISHIM_BENCH_DYNAMIC", folder + "/abishim_bench_dynamic");
  SetDefault("ABISHIM_BENCH_STATIC", folder + "/abishim_bench_static");
  SetDefault("ABISHIM_BENCH_OLD_TIME", folder + "/abishim_bench_old_time");
  SetDefault("ABISHIM_BENCH_COMMAND", folder + "/abishim");

  std::vector<std::string> words = {argv[0], "--benchmark_repetitions=8",
                                    "--benchmark_enable_random_interleaving=true",
                                    "--benchmark_min_time=0.05"};
  words.insert(words.end(), argv + 1, argv + argc);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 2;

  Collector collector;
  benchmark::RunSpecifiedBenchmarks(&collector);
  for (const auto& [name, least] : collector.all())
    printf("%-32s %10.1f ns\n", name.c_str(), least);
  printf("\n");
  for (const Ratio& ratio : kRatios) {
    const double of = collector.Least(ratio.of), to = collector.Least(ratio.to);
    if (of == 0 || to == 0) continue;
    printf("%-55s %6.3fx  (%+.1f ns)\n", ratio.what, of / to, of - to);
  }
  return collector.all().empty();
}

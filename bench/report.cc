// Runs the benchmarks interleaved and prints the ratios that matter, by the least of the
// repetitions (on a busy machine the least is the truest) and by their medians.
#include <benchmark/benchmark.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bench/ratios.h"

namespace abishim::bench {
namespace {

class Collector : public benchmark::ConsoleReporter {
 public:
  Collector() : ConsoleReporter(OO_None) {}
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration) continue;
      if (run.error_occurred) {
        failed_ = true;
        fprintf(stderr, "%s: %s\n", run.benchmark_name().c_str(), run.error_message.c_str());
        continue;
      }
      times_[run.run_name.function_name].push_back(run.GetAdjustedRealTime());
    }
  }

  // Zero: not measured.
  double Least(const std::string& name) const {
    const auto found = times_.find(name);
    return found == times_.end() ? 0
                                 : *std::min_element(found->second.begin(), found->second.end());
  }
  double Median(const std::string& name) const {
    const auto found = times_.find(name);
    if (found == times_.end()) return 0;
    std::vector<double> sorted = found->second;
    std::sort(sorted.begin(), sorted.end());
    return sorted[sorted.size() / 2];
  }
  const std::map<std::string, std::vector<double>>& times() const { return times_; }
  bool failed() const { return failed_ || times_.empty(); }

 private:
  std::map<std::string, std::vector<double>> times_;
  bool failed_ = false;
};

bool Met(const Target& target, double of, double to) {
  return (target.ratio != 0 && of <= target.ratio * to) ||
         (target.least_ns != 0 && of <= target.least_ns) ||
         (target.more_ns != 0 && of - to <= target.more_ns);
}

std::string Describe(const Target& target) {
  char text[64] = "";
  if (target.ratio != 0 && target.least_ns != 0) {
    snprintf(text, sizeof(text), "%.2fx or %.0f ns", target.ratio, target.least_ns);
  } else if (target.ratio != 0) {
    snprintf(text, sizeof(text), "%.2fx", target.ratio);
  } else if (target.more_ns != 0 && target.more_ns < 1000) {
    snprintf(text, sizeof(text), "+%.0f ns", target.more_ns);
  } else if (target.more_ns != 0) {
    snprintf(text, sizeof(text), "+%.0f us", target.more_ns / 1000);
  }
  return text;
}

void PrintTimes(const Collector& collector) {
  printf("%-32s %12s %12s\n", "ns", "least", "median");
  for (const auto& [name, times] : collector.times()) {
    printf("%-32s %12.1f %12.1f\n", name.c_str(), collector.Least(name), collector.Median(name));
  }
}

void PrintRatios(const Collector& collector) {
  printf("\n%-54s %8s %8s %12s  %s\n", "", "least", "median", "more", "target, at most");
  for (const Ratio& ratio : kRatios) {
    const double of = collector.Least(ratio.of), to = collector.Least(ratio.to);
    if (of == 0 || to == 0) continue;
    const std::string target = Describe(ratio.target);
    printf("%-54s %7.3fx %7.3fx %+9.1f ns  %s%s\n", ratio.what, of / to,
           collector.Median(ratio.of) / collector.Median(ratio.to), of - to, target.c_str(),
           target.empty()              ? ""
           : Met(ratio.target, of, to) ? ": met"
                                       : ": MISSED");
  }
}

void SetDefault(const char* name, const std::string& value) { setenv(name, value.c_str(), 0); }

bool SetPlaces() {
  char path[4096] = {};
  if (readlink("/proc/self/exe", path, sizeof(path) - 1) < 0) return false;
  const std::string folder = std::string(path).substr(0, std::string(path).rfind('/'));
  SetDefault("ABISHIM_BENCH_LIBRARY", folder + "/libabishim.so");
  SetDefault("ABISHIM_BENCH_UNGUARDED", folder + "/libabishim_bench_unguarded.so");
  SetDefault("ABISHIM_BENCH_EMPTY", folder + "/libabishim_bench_empty.so");
  SetDefault("ABISHIM_BENCH_DYNAMIC", folder + "/abishim_bench_dynamic");
  SetDefault("ABISHIM_BENCH_STATIC", folder + "/abishim_bench_static");
  SetDefault("ABISHIM_BENCH_OLD_TIME", folder + "/abishim_bench_old_time");
  SetDefault("ABISHIM_BENCH_COMMAND", folder + "/abishim");
  return true;
}

int Main(int argc, char** argv) {
  if (!SetPlaces()) return 1;
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
  PrintTimes(collector);
  PrintRatios(collector);
  return collector.failed();
}

}  // namespace
}  // namespace abishim::bench

int main(int argc, char** argv) {
  // Room for the mode that child.cc writes there, where the kernel put it.
  if (getenv("ABISHIM_MODE") == nullptr) {
    setenv("ABISHIM_MODE", "patched", 0);
    execv("/proc/self/exe", argv);
    return 1;
  }
  return abishim::bench::Main(argc, argv);
}

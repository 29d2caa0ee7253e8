// What does a call cost whose site is patched, against the native call and what stands in for it?
// The constant answer is mlock2's to a bad flag.
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/child.h"
#include "tests/patch/mlock2.h"

namespace abishim::bench {
namespace {

struct Way {
  Outer outer;
  Shim shim;
  const char* mode;
};
constexpr Way kNative{Outer::kNone, Shim::kNone, "patched"};
constexpr Way kContainer{Outer::kOldKernel, Shim::kNone, "patched"};
constexpr Way kTrap{Outer::kOldKernel, Shim::kLoaded, "trap"};
constexpr Way kPatched{Outer::kOldKernel, Shim::kLoaded, "patched"};

void Run(benchmark::State& state, const Way& way, const std::function<void()>& call,
         int calls = 1) {
  const auto often = [call] {
    for (int i = 0; i < 200; ++i) call();
  };
  Measure(state,
          {.outer = way.outer, .shim = way.shim, .mode = way.mode, .calls = calls, .after = often},
          call);
}

// Ten at a time, as what surrounds so short a call counts.
constexpr int kTen = 10;
void Constant(benchmark::State& state, const Way& way) {
  Run(
      state, way,
      [] {
        for (int i = 0; i < kTen; ++i) benchmark::DoNotOptimize(Mlock2());
      },
      kTen);
}
BENCHMARK_CAPTURE(Constant, native, kNative)->UseManualTime();
BENCHMARK_CAPTURE(Constant, trap, kTrap)->UseManualTime();
BENCHMARK_CAPTURE(Constant, patched, kPatched)->UseManualTime();

// By libc's syscall(): what is patched there, and what only comes by once it is.
void Shared(benchmark::State& state, const Way& way, long nr, long c) {
  Measure(state,
          {.outer = way.outer,
           .shim = way.shim,
           .mode = way.mode,
           .calls = kTen,
           .after =
               [] {
                 for (int i = 0; i < 200; ++i) Raw(SYS_mlock2, 0, 0, 0x80);
               }},
          [nr, c] {
            for (int i = 0; i < kTen; ++i) Raw(nr, 0, 0, c);
          });
}
BENCHMARK_CAPTURE(Shared, constant_native, kNative, SYS_mlock2, 0x80)->UseManualTime();
BENCHMARK_CAPTURE(Shared, constant_patched, kPatched, SYS_mlock2, 0x80)->UseManualTime();
BENCHMARK_CAPTURE(Shared, pass_unpatched, kTrap, SYS_getppid, 0)->UseManualTime();
BENCHMARK_CAPTURE(Shared, pass_patched, kPatched, SYS_getppid, 0)->UseManualTime();

char g_bytes[8];
void Getrandom(benchmark::State& state, const Way& way) {
  Run(state, way, [] { benchmark::DoNotOptimize(getrandom(g_bytes, sizeof(g_bytes), 0)); });
}
void Urandom(benchmark::State& state, const Way& way) {
  Run(state, way, [] {
    const int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    benchmark::DoNotOptimize(read(fd, g_bytes, sizeof(g_bytes)));
    close(fd);
  });
}
BENCHMARK_CAPTURE(Getrandom, site_native, kNative)->UseManualTime();
BENCHMARK_CAPTURE(Getrandom, site_trap, kTrap)->UseManualTime();
BENCHMARK_CAPTURE(Getrandom, site_patched, kPatched)->UseManualTime();
BENCHMARK_CAPTURE(Urandom, direct, kContainer)->UseManualTime();

struct statx g_statx;
struct stat g_stat;
void Statx(benchmark::State& state, const Way& way) {
  Run(state, way, [] {
    benchmark::DoNotOptimize(statx(AT_FDCWD, "/etc/passwd", 0, STATX_BASIC_STATS, &g_statx));
  });
}
void Fstatat(benchmark::State& state, const Way& way) {
  Run(state, way, [] { benchmark::DoNotOptimize(fstatat(AT_FDCWD, "/etc/passwd", &g_stat, 0)); });
}
BENCHMARK_CAPTURE(Statx, native, kNative)->UseManualTime();
BENCHMARK_CAPTURE(Statx, trap, kTrap)->UseManualTime();
BENCHMARK_CAPTURE(Statx, patched, kPatched)->UseManualTime();
BENCHMARK_CAPTURE(Fstatat, direct, kContainer)->UseManualTime();

// By libc's syscall(), as glibc 2.36 has no function for it. It may block, so it always traps.
void Openat2(benchmark::State& state, const Way& way) {
  Run(state, way, [] {
    static const open_how how{.flags = O_RDONLY | O_CLOEXEC, .mode = 0, .resolve = 0};
    close(static_cast<int>(Raw(SYS_openat2, AT_FDCWD, reinterpret_cast<long>("/etc/passwd"),
                               reinterpret_cast<long>(&how), sizeof(how))));
  });
}
void Openat(benchmark::State& state, const Way& way) {
  Run(state, way, [] {
    close(static_cast<int>(
        Raw(SYS_openat, AT_FDCWD, reinterpret_cast<long>("/etc/passwd"), O_RDONLY | O_CLOEXEC)));
  });
}
BENCHMARK_CAPTURE(Openat2, native, kNative)->UseManualTime();
BENCHMARK_CAPTURE(Openat2, trap, kTrap)->UseManualTime();
BENCHMARK_CAPTURE(Openat, direct, kContainer)->UseManualTime();

void Sigprocmask(benchmark::State& state, const Way& way) {
  Run(state, way, [] {
    sigset_t set, old;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    benchmark::DoNotOptimize(sigprocmask(SIG_BLOCK, &set, &old));
  });
}
// What of it is the filters' alone: with two null pointers it passes without us. Their answer is by
// the arguments, so the kernel asks all filters and not its allow bitmap.
void Filters(benchmark::State& state, const Way& way) {
  Run(state, way, [] { benchmark::DoNotOptimize(Raw(SYS_rt_sigprocmask, 0, 0, 0, 8)); });
}
void Sigaction(benchmark::State& state, const Way& way) {
  Run(state, way, [] {
    struct sigaction action {};
    action.sa_handler = SIG_IGN;
    benchmark::DoNotOptimize(sigaction(SIGUSR2, &action, nullptr));
  });
}
BENCHMARK_CAPTURE(Sigprocmask, native, kContainer)->UseManualTime();
BENCHMARK_CAPTURE(Sigprocmask, trap, kTrap)->UseManualTime();
BENCHMARK_CAPTURE(Sigprocmask, patched, kPatched)->UseManualTime();
BENCHMARK_CAPTURE(Filters, native, kContainer)->UseManualTime();
BENCHMARK_CAPTURE(Filters, patched, kPatched)->UseManualTime();
BENCHMARK_CAPTURE(Sigaction, native, kContainer)->UseManualTime();
BENCHMARK_CAPTURE(Sigaction, trap, kTrap)->UseManualTime();
BENCHMARK_CAPTURE(Sigaction, patched, kPatched)->UseManualTime();

}  // namespace
}  // namespace abishim::bench

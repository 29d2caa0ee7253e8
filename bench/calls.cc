// What do real calls cost, translated, re-executed or repaired, against the kernel's own?
#include <errno.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/child.h"

namespace abishim::bench {
namespace {

void Getrandom(benchmark::State& state, Outer outer, Shim shim) {
  static char bytes[16];
  Measure(state, {.outer = outer, .shim = shim},
          [] { Raw(SYS_getrandom, reinterpret_cast<long>(bytes), sizeof(bytes)); });
}
BENCHMARK_CAPTURE(Getrandom, native, Outer::kNone, Shim::kNone)->UseManualTime();
BENCHMARK_CAPTURE(Getrandom, translated, Outer::kOldKernel, Shim::kLoaded)->UseManualTime();

// epoll_pwait2 on a set that is ready.
void Epoll(benchmark::State& state, Outer outer, Shim shim) {
  static int set;
  static epoll_event events[1];
  Measure(state,
          {.outer = outer,
           .shim = shim,
           .before =
               [] {
                 int ends[2];
                 if (pipe(ends) != 0) _exit(1);
                 set = epoll_create1(0);
                 epoll_event event{.events = EPOLLOUT, .data = {}};
                 epoll_ctl(set, EPOLL_CTL_ADD, ends[1], &event);
               }},
          [] { Raw(SYS_epoll_pwait2, set, reinterpret_cast<long>(events), 1, 0, 0, 0); });
}
BENCHMARK_CAPTURE(Epoll, native, Outer::kNone, Shim::kNone)->UseManualTime();
BENCHMARK_CAPTURE(Epoll, reexecuted, Outer::kOldKernel, Shim::kLoaded)->UseManualTime();
BENCHMARK_CAPTURE(Epoll, unguarded, Outer::kOldKernel, Shim::kUnguarded)->UseManualTime();

// clone3: EPERM by an old profile, repaired to ENOSYS; against a number that no kernel has.
void Errno(benchmark::State& state, Outer outer, Shim shim, long nr) {
  Measure(state, {.outer = outer, .shim = shim}, [nr] { Raw(nr); });
}
BENCHMARK_CAPTURE(Errno, native, Outer::kNone, Shim::kNone, 500)->UseManualTime();
BENCHMARK_CAPTURE(Errno, denied, Outer::kOldProfile, Shim::kNone, SYS_clone3)->UseManualTime();
BENCHMARK_CAPTURE(Errno, repaired, Outer::kOldProfile, Shim::kLoaded, SYS_clone3)->UseManualTime();

}  // namespace
}  // namespace abishim::bench

// What does time() cost at a patched call of the vsyscall page, against the vDSO? On a host without
// the page (by a tracer, which has nothing to do once the site is patched).
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/child.h"

namespace abishim::bench {
namespace {

void Time(benchmark::State& state, const char* way) {
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) abort();
  const pid_t child = fork();
  if (child == 0) {
    dup2(sockets[1], 0);
    dup2(sockets[1], 1);
    execl(getenv("ABISHIM_BENCH_COMMAND"), "abishim", "run", "--older", "--no-vsyscall", "--",
          getenv("ABISHIM_BENCH_OLD_TIME"), way, nullptr);
    _exit(1);
  }
  close(sockets[1]);
  constexpr long kBatch = 10000;
  while (state.KeepRunningBatch(kBatch)) {
    double seconds = 0;
    if (write(sockets[0], &kBatch, sizeof(kBatch)) != sizeof(kBatch) ||
        read(sockets[0], &seconds, sizeof(seconds)) != sizeof(seconds)) {
      state.SkipWithError("the program died");
      break;
    }
    state.SetIterationTime(seconds);
  }
  close(sockets[0]);
  waitpid(child, nullptr, 0);
}
BENCHMARK_CAPTURE(Time, page_patched, "page")->UseManualTime();
BENCHMARK_CAPTURE(Time, vdso, "vdso")->UseManualTime();

}  // namespace
}  // namespace abishim::bench

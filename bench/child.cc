#include "bench/child.h"

#include <dlfcn.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <vector>

#include "tables/lookup.h"

namespace abishim::bench {
namespace {

constexpr Version kOld{3, 10};

// An outer filter as a container engine makes one: a comparison per denied number.
void InstallOuter(Outer outer) {
  if (outer == Outer::kNone) return;
  const unsigned deny = SECCOMP_RET_ERRNO | (outer == Outer::kOldProfile ? EPERM : ENOSYS);
  std::vector<sock_filter> code;
  if (outer == Outer::kNoBitmap) code.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16));
  code.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0));
  for (const Row& row : kSyscalls) {
    const int nr = arch::NumberIn(row.nr);
    if (nr < 0 || arch::SinceIn(row) <= kOld || arch::SinceIn(row) == kNever) continue;
    code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(nr), 0, 1));
    code.push_back(BPF_STMT(BPF_RET | BPF_K, deny));
  }
  if (outer == Outer::kNoPtrace) {
    code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ptrace, 0, 1));
    code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
  }
  code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program) !=
      0) {
    perror("outer filter");
    _exit(1);
  }
}

void LoadShim(Shim shim) {
  const char* library =
      getenv(shim == Shim::kUnguarded ? "ABISHIM_BENCH_UNGUARDED" : "ABISHIM_BENCH_LIBRARY");
  if (dlopen(library, RTLD_NOW) == nullptr) {
    fprintf(stderr, "%s\n", dlerror());
    _exit(1);
  }
}

double Now() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

[[noreturn]] void Serve(int socket, const Setup& setup, const std::function<void()>& call) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  setup.before();
  InstallOuter(setup.outer);
  // In place, as the constructor reads what the kernel put there; report.cc saw to the room.
  if (char* mode = getenv("ABISHIM_MODE")) strcpy(mode, setup.mode);
  if (setup.shim != Shim::kNone) LoadShim(setup.shim);
  setup.after();
  long n;
  while (read(socket, &n, sizeof(n)) == sizeof(n)) {
    const double start = Now();
    for (long i = 0; i < n; ++i) call();
    const double seconds = (Now() - start) / setup.calls;
    if (write(socket, &seconds, sizeof(seconds)) != sizeof(seconds)) break;
  }
  _exit(0);
}

}  // namespace

long Raw(long nr, long a, long b, long c, long d, long e, long f) {
  return syscall(nr, a, b, c, d, e, f);
}

void Measure(benchmark::State& state, const Setup& setup, const std::function<void()>& call) {
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) abort();
  const pid_t child = fork();
  if (child == 0) {
    close(sockets[0]);
    Serve(sockets[1], setup, call);
  }
  close(sockets[1]);
  const long batch = setup.batch;
  while (state.KeepRunningBatch(batch)) {
    double seconds = 0;
    if (write(sockets[0], &batch, sizeof(batch)) != sizeof(batch) ||
        read(sockets[0], &seconds, sizeof(seconds)) != sizeof(seconds)) {
      state.SkipWithError("the child died");
      break;
    }
    state.SetIterationTime(seconds);
  }
  close(sockets[0]);
  waitpid(child, nullptr, 0);
}

}  // namespace abishim::bench

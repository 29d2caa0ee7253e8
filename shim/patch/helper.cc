#include "shim/patch/helper.h"

#include <linux/sched.h>
#include <linux/wait.h>

#include "shim/exec/flights.h"
#include "shim/memory/host.h"
#include "shim/memory/stacks.h"
#include "tracee.h"  // arch/ARCH

namespace abishim::patch {
namespace {

constexpr int kSigcont = 18;
constexpr unsigned kUnshare = 2;  // CLOSE_RANGE_UNSHARE, 5.9

struct Job {
  void (*function)(void*);
  void* argument;
  bool own_files;
  int id;
};

[[noreturn]] void Run(void* at) {
  const Job& job = *static_cast<Job*>(at);
  if (job.own_files || HostCall<"close_range">(0, ~0u, kUnshare) == 0) job.function(job.argument);
  for (;;) HostCall<"exit">(0);
}

// Without close_range nobody but clone makes an own file table, and then a copy of ours.
bool HasCloseRange() { return HostCall<"close_range">(1, 0, 0) == -EINVAL; }

// Stopped with our process group it may miss the signal that lets us go on.
void Await(int id) {
  for (;;) {
    int status = 0;
    const long got = HostCall<"wait4">(id, &status, __WCLONE | WUNTRACED, 0);
    if (got == -EINTR) continue;
    if (got != id || (status & 0xff) != 0x7f) return;
    HostCall<"kill">(id, kSigcont);
  }
}

}  // namespace

// As shim/exec/carry.cc makes its helper.
bool WithOwnFiles(void (*function)(void*), void* argument) {
  const Word stack = memory::AcquireSpare();
  if (stack == 0) return false;
  Job job{function, argument, !HasCloseRange(), 0};
  exec::Flight* const flight = exec::Board(static_cast<int>(HostCall<"getpid">()));
  const long flags =
      CLONE_VM | CLONE_UNTRACED | CLONE_PARENT_SETTID | (job.own_files ? 0 : CLONE_FILES);
  const long id = abishim_spawn(flags, reinterpret_cast<void*>(stack + memory::kStackBytes), Run,
                                &job, flight != nullptr ? exec::HelperOf(flight) : &job.id);
  if (!IsError(id)) Await(static_cast<int>(id));
  exec::Leave(flight);
  memory::Release(stack);
  return !IsError(id);
}

}  // namespace abishim::patch

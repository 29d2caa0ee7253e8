#include "shim/patch/helper.h"

#include <linux/futex.h>
#include <linux/sched.h>

#include "shim/memory/files.h"
#include "shim/memory/host.h"
#include "shim/memory/stacks.h"
#include "shim/signals/masks.h"
#include "tracee.h"  // arch/ARCH

namespace abishim::patch {
namespace {

struct Job {
  void (*function)(void*);
  void* argument;
  bool own_files;
  int running;  // cleared by the kernel
};

[[noreturn]] void Run(void* at) {
  const Job& job = *static_cast<Job*>(at);
  if (job.own_files || HostCall<"close_range">(0, ~0u, memory::kUnshareFiles) == 0)
    job.function(job.argument);
  for (;;) HostCall<"exit">(0);
}

// Blocks every signal in it, ours too: none of the process may choose this thread.
long Spawn(Job* job, Word stack) {
  const long flags = CLONE_VM | CLONE_FS | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
                     CLONE_UNTRACED | CLONE_CHILD_CLEARTID | (job->own_files ? 0 : CLONE_FILES);
  const Word all = ~Word{0};
  Word before;
  if (HostCall<"rt_sigprocmask">(signals::kSigSetmask, &all, &before, 8) != 0) return -EPERM;
  const long id = abishim_spawn(flags, reinterpret_cast<void*>(stack + memory::kStackBytes), Run,
                                job, &job->running);
  HostCall<"rt_sigprocmask">(signals::kSigSetmask, &before, 0, 8);
  return id;
}

// Until it has left its stack, and then the thread group: a program that has one thread may go on
// to make a call that wants it so (unshare).
void Await(Job* job, long id) {
  while (__atomic_load_n(&job->running, __ATOMIC_ACQUIRE) != 0) {
    HostCall<"futex">(&job->running, FUTEX_WAIT, 1, 0, 0, 0);
  }
  const long pid = HostCall<"getpid">();
  constexpr int kMostTries = 1000;  // another thread may have got its number
  for (int i = 0; i < kMostTries && HostCall<"tgkill">(pid, id, 0) == 0; ++i) {
    HostCall<"sched_yield">();
  }
}

}  // namespace

bool WithOwnFiles(void (*function)(void*), void* argument) {
  const Word stack = memory::AcquireSpare();
  if (stack == 0) return false;
  Job job{function, argument, !memory::HasCloseRange(), 1};
  const long id = Spawn(&job, stack);
  if (!IsError(id)) Await(&job, id);
  memory::Release(stack);
  return !IsError(id);
}

}  // namespace abishim::patch

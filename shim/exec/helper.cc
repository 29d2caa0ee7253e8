// The helper: a child of the caller, in its memory, with no exit signal and no files. From first to
// last every signal is blocked.
//
// When the caller dies before the exec, PR_SET_PDEATHSIG ends the helper, or the wait does.
#include "shim/exec/helper.h"

#include <linux/fcntl.h>
#include <linux/futex.h>
#include <linux/prctl.h>
#include <linux/ptrace.h>
#include <linux/wait.h>

#include "shim/exec/plant.h"
#include "shim/exec/target.h"
#include "shim/memory/files.h"
#include "shim/memory/host.h"
#include "shim/memory/stacks.h"
#include "shim/signals/masks.h"
#include "tracee.h"  // arch/ARCH

namespace abishim::exec {
namespace {

constexpr int kSigkill = 9, kSigtrap = 5;

bool IsStop(int status) { return (status & 0xff) == 0x7f; }
int StopSignal(int status) { return status >> 8 & 0xff; }
int StopEvent(int status) { return status >> 16; }

// An empty file table: while a copy of it lived, pipes would not end and (were it shared) the exec
// would cost the caller its POSIX locks. execveat's directory stays.
void LeaveFiles(const Job& job) {
  if (job.own_files) return;
  const int keep = job.request.directory;
  if (keep >= 0) {
    HostCall<"close_range">(keep + 1, ~0u, memory::kUnshareFiles);
    if (keep > 0) HostCall<"close_range">(0, keep - 1, 0);
  } else {
    HostCall<"close_range">(0, ~0u, memory::kUnshareFiles);
  }
}

[[noreturn]] void Exit() {
  for (;;) HostCall<"exit">(0);
}

// The caller frees the memory in which we stand.
[[noreturn]] void GiveUp(Job* job, State state, int error) {
  job->error = error;
  Change(job, kFresh, state);
  Change(job, kGo, state);
  Exit();
}

void Decide(Job* job) {
  switch (Look(job->request)) {
    case Target::kOurs:
      return;
    case Target::kForeign:
      GiveUp(job, kAlone, 0);
    case Target::kCollides:
      GiveUp(job, kRefused, -ENOEXEC);
    case Target::kUnreadable:
      GiveUp(job, kRefused, -EACCES);
  }
}

// Nobody frees the area for us any more: the caller is gone, or another program by now.
[[noreturn]] void End(Job* job) {
  if (job->made_dumpable) HostCall<"prctl">(PR_SET_DUMPABLE, 0, 0, 0, 0);
  if (job->stack != 0 && memory::Reclaim(job->stack, job->pid, job->tid)) {
    memory::Release(job->stack);
  }
  abishim_vanish(reinterpret_cast<void*>(job->area), kAreaBytes);
}

}  // namespace

long Ptrace(long request, long pid, Word address, Word data) {
  return HostCall<"ptrace">(request, pid, address, data);
}

int NextStop(long* pid) {
  for (;;) {
    int status;
    const long who = HostCall<"wait4">(-1, &status, __WALL, 0);
    if (who == -EINTR) continue;
    if (IsError(who) || !IsStop(status)) return -1;
    *pid = who;
    return status;
  }
}

void PassOn(long pid, int status) {
  const int signal = StopSignal(status);
  if (StopEvent(status) == PTRACE_EVENT_STOP) {
    // SIGTRAP: a stop that has ended.
    Ptrace(signal == kSigtrap ? PTRACE_CONT : PTRACE_LISTEN, pid, 0, 0);
  } else {
    Ptrace(PTRACE_CONT, pid, 0, StopEvent(status) == 0 ? static_cast<Word>(signal) : 0);
  }
}

void Help(void* at) {
  Job* job = static_cast<Job*>(at);
  const Word all = ~Word{0};
  HostCall<"rt_sigprocmask">(signals::kSigSetmask, &all, 0, 8);
  HostCall<"prctl">(PR_SET_PDEATHSIG, kSigkill, 0, 0, 0);
  if (HostCall<"getppid">() != job->pid) End(job);
  // SIGSTOP for the caller's group would stop us too: the caller, waiting for its tracer, would
  // neither stop in its parent's eyes nor go on.
  HostCall<"setpgid">(0, 0);
  LeaveFiles(*job);
  Decide(job);
  while (job->state.load() == kFresh) Await(job, kFresh);
  const long seized = Ptrace(PTRACE_SEIZE, job->tid, 0, PTRACE_O_TRACEEXEC);
  if (IsError(seized)) GiveUp(job, kNoTracer, static_cast<int>(seized));
  Change(job, kGo, kSeized);
  for (;;) {
    long pid = 0;
    const int status = NextStop(&pid);
    if (status == -1) End(job);
    if (StopEvent(status) != PTRACE_EVENT_EXEC) {
      PassOn(pid, status);
      continue;
    }
    Plant(job, pid);
    Ptrace(PTRACE_DETACH, pid, 0, 0);
    End(job);
  }
}

}  // namespace abishim::exec

// The caller's side of the carry-over. Every signal but SIGSYS, SIGSEGV and SIGBUS is blocked here,
// so nothing interleaves; each exec has memory of its own, so threads do not meet.
#include "shim/exec/carry.h"

#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/wait.h>

#include "shim/exec/flights.h"
#include "shim/exec/job.h"
#include "shim/exec/plain.h"
#include "shim/memory/files.h"
#include "shim/memory/host.h"
#include "shim/signals/actions.h"
#include "shim/signals/masks.h"
#include "shim/signals/thread.h"
#include "tracee.h"  // arch/ARCH

namespace abishim::exec {
namespace {

constexpr int kSigkill = 9, kSigtrap = 5, kSigcont = 18;
constexpr Word kIgnore = 1;  // SIG_IGN

// int3 makes the kernel forget that SIGTRAP is ignored.
Word Ignored() {
  arch::Sigaction real{};
  HostCall<"rt_sigaction">(kSigtrap, 0, &real, 8);
  return signals::IgnoredOfOurs() | (real.handler == kIgnore ? signals::Bit(kSigtrap) : 0);
}

void Fill(Job* job, const Request& request) {
  job->request = request;
  Handover& handover = job->parcel.handover;
  handover.mask = request.frame->mask & ~signals::KeptOpen();
  handover.ignored = Ignored();
  handover.settings = start::g_settings;
  signals::Thread* self = signals::SelfIfAny(*request.frame);
  if (self == nullptr) return;
  handover.blocked = self->blocked;
  handover.sigsys_pending = (self->pending & signals::Bit(signals::kSigsys)) != 0;
  handover.pending = self->sigsys;
  handover.to_be_traced = self->to_be_traced;
  if (signals::MemoryIsBorrowed()) job->stack = self->our_stack;
}

// A daemon that dropped its ids is not dumpable, and so not to be traced. In a memory that may be
// shared (a vfork child) nothing is changed: what dies here must not leave its parent dumpable.
bool MakeDumpable() {
  return HostCall<"prctl">(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 && signals::MemoryIsSurelyOurs() &&
         HostCall<"prctl">(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0;
}

// Not CLONE_FS: LSMs take a shared one for an attack. Not CLONE_SIGHAND. CLONE_UNTRACED: not for a
// strace -f. No exit signal: wait() does not show it.
long Spawn(Job* job, Flight* flight) {
  const long flags =
      CLONE_VM | CLONE_UNTRACED | CLONE_PARENT_SETTID | (job->own_files ? 0 : CLONE_FILES);
  int* const id = flight != nullptr ? HelperOf(flight) : &job->helper;
  return abishim_spawn(flags, reinterpret_cast<void*>(job->area + kAreaBytes), Help, job, id);
}

// The last word of the helper before the exec. One that was killed has none.
State Agree(Job* job) {
  Change(job, kFresh, kGo);
  for (;;) {
    const int state = job->state.load();
    if (state != kGo) return static_cast<State>(state);
    Await(job, kGo);
    if (job->state.load() != kGo) continue;
    if (HostCall<"wait4">(job->helper, 0, __WCLONE | WNOHANG, 0) == 0) {
      // Stopped with our group in the instant in which it left it: the group's SIGCONT missed it.
      HostCall<"kill">(job->helper, kSigcont);
      continue;
    }
    job->helper = 0;
    const int last = job->state.load();
    return last != kGo ? static_cast<State>(last) : kNoTracer;
  }
}

Attempt TryExec(Job* job) {
  switch (Agree(job)) {
    case kSeized:
      break;
    case kAlone:
      return {Outcome::kAlone, 0};
    case kRefused:
      return {Outcome::kError, job->error};
    default:
      return {Outcome::kNoTracer, job->error};
  }
  const long error = MakeCall(job->request);
  // Some LSMs refuse a change of domain to a program that is traced.
  return {error == -EPERM ? Outcome::kAlone : Outcome::kError, error};
}

// A tracer that is killed lets go by itself.
void Dismiss(Job* job) {
  if (job->helper == 0) return;  // gone and reaped
  HostCall<"kill">(job->helper, kSigkill);
  while (HostCall<"wait4">(job->helper, 0, __WCLONE, 0) == -EINTR) {
  }
}

}  // namespace

Attempt Carry(const Request& request) {
  const long area =
      HostCall<"mmap">(0, kAreaBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (IsError(area)) return {Outcome::kNoTracer, area};
  Job* job = reinterpret_cast<Job*>(area);
  job->area = static_cast<Word>(area);
  job->pid = static_cast<int>(HostCall<"getpid">());
  job->tid = static_cast<int>(HostCall<"gettid">());
  Fill(job, request);
  job->own_files = !memory::HasCloseRange();
  job->made_dumpable = MakeDumpable();
  Flight* flight = Board(job->pid);
  Attempt attempt{Outcome::kNoTracer, 0};
  const long helper = Spawn(job, flight);
  if (!IsError(helper)) {
    job->helper = job->parcel.handover.helper[0] = static_cast<int>(helper);
    job->parcel.handover.named_tracer = HostCall<"prctl">(PR_SET_PTRACER, helper, 0, 0, 0) == 0;
    attempt = TryExec(job);
    Dismiss(job);
    if (job->parcel.handover.named_tracer) HostCall<"prctl">(PR_SET_PTRACER, 0, 0, 0, 0);
  }
  Leave(flight);
  if (job->made_dumpable) HostCall<"prctl">(PR_SET_DUMPABLE, 0, 0, 0, 0);
  HostCall<"munmap">(area, kAreaBytes);
  return attempt;
}

}  // namespace abishim::exec

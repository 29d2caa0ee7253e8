// The first steps of the image in a new program, before any of the program's own.
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/ptrace.h>
#include <linux/time_types.h>
#include <linux/wait.h>

#include "shim/exec/handover.h"
#include "shim/image/image.h"
#include "shim/memory/host.h"
#include "shim/signals/actions.h"
#include "shim/signals/masks.h"
#include "shim/start/agent.h"
#include "shim/start/log.h"

namespace abishim::exec {

constinit Handover g_handover = {};

namespace {

constexpr int kSigkill = 9, kSigtrap = 5, kSigchld = 17;

// Mapped as code; what is none becomes what it is in the library.
void Protect() {
  for (const image::Part& part : image::Parts()) {
    if (part.writable || part.executable) continue;
    HostCall<"mprotect">(part.start, part.bytes, PROT_READ);
  }
}

void Reap(const Handover& h) {
  for (int i = 0; i < Handover::kHelpers && h.helper[i] != 0; ++i) {
    if (i > 0) HostCall<"kill">(h.helper[i], kSigkill);  // its thread is no more
    while (HostCall<"wait4">(h.helper[i], 0, __WCLONE, 0) == -EINTR) {
    }
  }
}

bool IsHelper(const Handover& h, int pid) {
  for (int i = 0; i < Handover::kHelpers && h.helper[i] != 0; ++i) {
    if (h.helper[i] == pid) return true;
  }
  return false;
}

// The kernel makes every exit signal SIGCHLD for a parent that has executed something meanwhile.
// (A SIGCHLD of the program's own that comes right behind the helper's is lost with it.)
void SwallowSigchld(const Handover& h) {
  const Word only = signals::Bit(kSigchld);
  const __kernel_timespec at_once = {0, 0};
  arch::Siginfo info{};
  if (HostCall<"rt_sigtimedwait">(&only, &info, &at_once, 8) != kSigchld) return;
  // si_pid comes first. Any other is put back.
  if (IsHelper(h, static_cast<int>(info.words[0]))) return;
  HostCall<"rt_sigqueueinfo">(HostCall<"getpid">(), kSigchld, &info);
}

// As the kernel does for a program that asked to be traced: it stops by a SIGTRAP before its first
// instruction. (In the gate here, not at its entry.)
void StopForTracer() {
  if (IsError(HostCall<"ptrace">(PTRACE_TRACEME, 0, 0, 0))) return;
  HostCall<"tgkill">(HostCall<"getpid">(), HostCall<"gettid">(), kSigtrap);
}

}  // namespace

// Called by abishim_agent, every signal but SIGSYS blocked.
extern "C" [[gnu::visibility("hidden")]] void abishim_arrive() {
  const Handover& h = g_handover;
  Protect();
  signals::Ignore(h.ignored);
  start::Awake({.settings = h.settings,
                .sigsys_blocked = h.sigsys_blocked,
                .sigsys_pending = h.sigsys_pending ? &h.pending : nullptr});
  if (h.named_tracer) HostCall<"prctl">(PR_SET_PTRACER, 0, 0, 0, 0);
  start::Line().Text("carried over").Write(start::Log());
  Reap(h);
  SwallowSigchld(h);
  if (h.to_be_traced) StopForTracer();
  HostCall<"rt_sigprocmask">(signals::kSigSetmask, &h.mask, 0, 8);
}

}  // namespace abishim::exec

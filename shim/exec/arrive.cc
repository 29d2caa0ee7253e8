// The first steps of the image in a new program, before any of the program's own.
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/wait.h>

#include "shim/exec/handover.h"
#include "shim/image/image.h"
#include "shim/memory/host.h"
#include "shim/signals/masks.h"
#include "shim/start/agent.h"
#include "shim/start/log.h"

namespace abishim::exec {

constinit Handover g_handover = {};

namespace {

constexpr int kSigkill = 9;

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

void Ignore(Word signals) {
  const arch::Sigaction ignore{1, 0, 0, 0};
  for (int signal = 1; signal <= 64; ++signal) {
    if (signals & signals::Bit(signal)) HostCall<"rt_sigaction">(signal, &ignore, 0, 8);
  }
}

}  // namespace

// Called by abishim_agent, every signal but SIGSYS blocked.
extern "C" [[gnu::visibility("hidden")]] void abishim_arrive() {
  const Handover& h = g_handover;
  Protect();
  Ignore(h.ignored);
  start::Awake({.settings = h.settings,
                .sigsys_blocked = h.sigsys_blocked,
                .sigsys_pending = h.sigsys_pending ? &h.pending : nullptr});
  if (h.named_tracer) HostCall<"prctl">(PR_SET_PTRACER, 0, 0, 0, 0);
  start::Line().Text("carried over").Write(start::Log());
  Reap(h);
  HostCall<"rt_sigprocmask">(signals::kSigSetmask, &h.mask, 0, 8);
}

}  // namespace abishim::exec

// The first steps of the image in a new program, before any of the program's own.
#include <linux/auxvec.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/ptrace.h>
#include <linux/time_types.h>
#include <linux/wait.h>

#include "shim/exec/handover.h"
#include "shim/exec/old_program.h"
#include "shim/image/image.h"
#include "shim/image/segments.h"
#include "shim/memory/host.h"
#include "shim/memory/pages.h"
#include "shim/signals/actions.h"
#include "shim/signals/masks.h"
#include "shim/signals/quick.h"
#include "shim/start/agent.h"
#include "shim/start/log.h"
#include "tracee.h"  // arch/ARCH

namespace abishim::exec {

constinit Handover g_handover = {};

namespace {

constexpr int kSigkill = 9, kSigtrap = 5, kSigchld = 17;

// Mapped as code, all of it; what is none becomes what it is in the library.
long Protect() {
  for (const image::Part& part : image::Parts()) {
    if (part.executable) continue;
    const int protection = PROT_READ | (part.writable ? PROT_WRITE : 0);
    const long error = HostCall<"mprotect">(part.start, part.bytes, protection);
    if (IsError(error)) return error;
  }
  return 0;
}

// A new program's stack is zeros below where it begins. What lies there is the parcel and, below
// that, what abishim_settle needed.
void WipeStack() {
  constexpr Word kSettled = 1024;
  const Word end = abishim_program_stack, start = end - sizeof(Parcel) - kSettled;
  __builtin_memset(reinterpret_cast<void*>(start), 0, end - start);
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
  // si_pid comes first. Any other is put back; before 3.9 without saying who it was.
  if (IsHelper(h, static_cast<int>(info.words[0]))) return;
  const long pid = HostCall<"getpid">();
  if (IsError(HostCall<"rt_sigqueueinfo">(pid, kSigchld, &info))) HostCall<"kill">(pid, kSigchld);
}

// As the kernel does for a program that asked to be traced: it stops by a SIGTRAP before its first
// instruction. (In the gate here, not at its entry.)
void StopForTracer() {
  if (IsError(HostCall<"ptrace">(PTRACE_TRACEME, 0, 0, 0))) return;
  HostCall<"tgkill">(HostCall<"getpid">(), HostCall<"gettid">(), kSigtrap);
}

// In the auxiliary vector, behind the program's arguments and environment.
Word FindAux(Word key) {
  const Word* at = reinterpret_cast<const Word*>(abishim_program_stack);
  at += 1 + at[0] + 1;
  while (*at++ != 0) {
  }
  for (; at[0] != AT_NULL; at += 2) {
    if (at[0] == key) return at[1];
  }
  return 0;
}

// Such a program lies where it was linked to, its headers in its first page.
bool NeedsVsyscall(const Handover& h) {
  const Word segments = FindAux(AT_PHDR), page = memory::PageOf(segments);
  return h.settings.vsyscall || (segments != 0 && signals::KernelCanRead(page) &&
                                 WantsVsyscall(reinterpret_cast<const char*>(page), memory::kPage));
}

// What the kernel has mapped already is made executable here.
void AllowOldCode() {
  const image::Segments segments{reinterpret_cast<const Elf64_Phdr*>(FindAux(AT_PHDR)),
                                 FindAux(AT_PHNUM)};
  const Word at = reinterpret_cast<Word>(segments.first);
  if (at == 0 || !signals::KernelCanRead(at) || !HasCodeAnywhere(segments)) return;
  AllowCodeAnywhere(abishim_program_stack);
  const Elf64_Phdr* itself = segments.Find(PT_PHDR);
  const Word bias = itself != nullptr ? at - itself->p_vaddr : 0;
  for (const Elf64_Phdr& segment : segments) {
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_R) == 0) continue;
    const Word start = memory::PageOf(bias + segment.p_vaddr);
    const Word end = memory::PageUp(bias + segment.p_vaddr + segment.p_memsz);
    HostCall<"mprotect">(start, end - start, image::Protection(segment));
  }
}

// The signals that are never blocked in truth are one more then.
void AnswerVsyscall(Handover* h) {
  h->settings.vsyscall = true;
  h->blocked |= h->mask & signals::Bit(signals::kSigsegv);
  h->mask &= ~signals::Bit(signals::kSigsegv);
}

}  // namespace

// Called by abishim_agent, on the program's stack, every signal but SIGSYS blocked: there is not
// yet a variable to write to. `of_file`: the image is a mapping of the library, open at `fd`; else
// its bytes have been written. 0 or -errno.
extern "C" [[gnu::visibility("hidden")]] long abishim_settle(const Parcel* parcel, int fd,
                                                             bool of_file) {
  const long error = of_file ? image::MapRest(fd) : Protect();
  if (fd >= 0) HostCall<"close">(fd);
  if (IsError(error)) return error;
  g_handover = parcel->handover;
  abishim_program_entry = parcel->entry;
  abishim_program_stack = parcel->stack;
  return 0;
}

// Called next, on a stack of the image.
extern "C" [[gnu::visibility("hidden")]] void abishim_arrive() {
  const Handover& h = g_handover;
  WipeStack();
  if (NeedsVsyscall(h)) AnswerVsyscall(&g_handover);
  signals::Ignore(h.ignored);
  start::Awake({.settings = h.settings,
                .told = true,
                .blocked = h.blocked,
                .sigsys_pending = h.sigsys_pending ? &h.pending : nullptr,
                .vdso = FindAux(AT_SYSINFO_EHDR)});
  AllowOldCode();
  if (h.named_tracer) HostCall<"prctl">(PR_SET_PTRACER, 0, 0, 0, 0);
  start::Line().Text("carried over").Write(start::Log());
  Reap(h);
  SwallowSigchld(h);
  if (h.to_be_traced) StopForTracer();
  HostCall<"rt_sigprocmask">(signals::kSigSetmask, &h.mask, 0, 8);
}

}  // namespace abishim::exec

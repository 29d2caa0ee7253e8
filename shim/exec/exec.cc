#include "shim/exec/exec.h"

#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/prctl.h>
#include <linux/ptrace.h>
#include <linux/stat.h>

#include "abi.h"  // arch/ARCH
#include "shim/exec/carry.h"
#include "shim/exec/loader.h"
#include "shim/exec/loader/exe.h"
#include "shim/exec/namespace.h"
#include "shim/exec/plain.h"
#include "shim/exec/rights.h"
#include "shim/memory/host.h"
#include "shim/signals/thread.h"
#include "shim/start/log.h"
#include "shim/start/settings.h"

namespace abishim::exec {
namespace {

constexpr int kFlags = AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW;

Request ToRequest(const arch::Ucontext* u, long nr, const Args& args) {
  if (nr == NumberOf("execve"))
    return {.path = args[0], .argv = args[1], .envp = args[2], .frame = u};
  return {.path = args[1],
          .argv = args[2],
          .envp = args[3],
          .directory = args.Int(0),
          .flags = args.Int(4),
          .by_path = false,
          .frame = u};
}

bool MayTraceAnyone() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  return HostCall<"capget">(&header, data) == 0 && (data[0].effective >> CAP_SYS_PTRACE & 1) != 0;
}

bool HasFileCapabilities(const Request& r) {
  return r.by_path && HostCall<"getxattr">(r.path, "security.capability", 0, 0) > 0;
}

// Would it gain rights that the kernel withholds from a program that is traced?
bool GainsRights(const Request& r, const arch::KernelStat& file) {
  if (NothingIsGained()) return false;
  return (GivesIds(file) || HasFileCapabilities(r)) && !MayTraceAnyone();
}

// Asked for a process that does not exist, so that nothing happens.
bool IsTracingDenied() { return HostCall<"ptrace">(PTRACE_SEIZE, 0, 0, 0) != -ESRCH; }

long WithoutTracer(const Request& r, long why) {
  if (start::g_settings.exec != start::ExecWay::kCarry) return ByLoader(r);
  start::Line().Text("exec: cannot carry over: errno ").Number(-why).Write(start::Log());
  return -EPERM;
}

// A PATH walk costs no helper: what is not there is answered at once.
long Run(const Request& r) {
  if ((r.flags & ~kFlags) != 0) return Plain(r);  // unknown ones; AT_EXECVE_CHECK executes nothing
  arch::KernelStat file;
  const long error = HostCall<"newfstatat">(r.directory, r.path, &file, r.flags);
  // A sandbox that lets nothing be looked at: nor will it let a helper trace.
  if (error == -ENOSYS) return WithoutTracer(r, error);
  if (IsError(error)) return error;
  const bool runnable = (file.mode & S_IFMT) == S_IFREG && (file.mode & 0111) != 0;
  if (!runnable || GainsRights(r, file)) return Plain(r);
  if (start::g_settings.exec == start::ExecWay::kLoader) return ByLoader(r);
  // The kernel would take the loader's file for the program.
  if (ProgramBehind(r.directory, r.path, r.flags) != nullptr) return ByLoader(r);
  if (IsTracingDenied()) return WithoutTracer(r, -EPERM);
  if (ChildrenLiveElsewhere()) return WithoutTracer(r, -EINVAL);
  const Attempt attempt = Carry(r);
  switch (attempt.outcome) {
    case Outcome::kError:
      return attempt.error;
    case Outcome::kAlone:
      return Plain(r);
    default:
      return WithoutTracer(r, attempt.error);
  }
}

}  // namespace

bool IsByLoader(start::ExecWay way) {
  return way == start::ExecWay::kLoader || (way == start::ExecWay::kAny && IsTracingDenied());
}

void TraceMe(arch::Ucontext* u, long nr, const Args& args) {
  signals::Thread* self = signals::MemoryIsBorrowed() ? signals::Self(*u) : nullptr;
  if (self == nullptr) return arch::SetResult(u, sandbox::Original(nr, args));
  arch::SetResult(u, self->to_be_traced ? -EPERM : 0);
  self->to_be_traced = true;
}

void Exec(arch::Ucontext* u, long nr, const Args& args) {
  arch::SetResult(u, Run(ToRequest(u, nr, args)));
}

}  // namespace abishim::exec

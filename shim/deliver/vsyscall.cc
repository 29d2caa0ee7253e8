// Known by the program counter alone: kernels differ in the address that they name.
#include "shim/deliver/vsyscall.h"

#include <linux/mman.h>

#include "shim/deliver/vdso.h"
#include "shim/memory/host.h"
#include "shim/patch/vsyscall.h"
#include "shim/start/agent.h"
#include "shim/start/settings.h"
#include "vsyscall_page.h"  // arch/ARCH

namespace abishim::deliver {
namespace {

constexpr int kByKernel = 0x80, kNotMapped = 1;  // si_code SI_KERNEL, SEGV_MAPERR
constexpr Word kUserEnd = 0x7ffffffff000;        // TASK_SIZE

struct Timeval {  // linux/time.h and libstdc++'s headers do not go together
  long seconds, microseconds;
};
struct Timezone {
  int minutes_west, dst_time;
};

using GettimeofdayFunction = long (*)(Timeval*, Timezone*);
using TimeFunction = long (*)(long*);
using GetcpuFunction = long (*)(unsigned*, unsigned*, void*);

// null: the vDSO has none, and the system call does it.
template <class F>
F FunctionFor(arch::Vsyscall which) {
  return reinterpret_cast<F>(abishim_vsyscall.function[static_cast<int>(which)]);
}

Word Argument(const arch::Ucontext& u, int i) {
  Word all[6];
  arch::Arguments(u, all);
  return all[i];
}

// As the kernel's emulation says it: a pointer that cannot be a program's by its address, any other
// without one.
bool Bad(Word pointer, Word bytes, arch::Siginfo* info) {
  const bool foreign = pointer > kUserEnd - bytes;
  info->code = foreign ? kNotMapped : kByKernel;
  info->words[0] = foreign ? pointer : 0;
  return false;
}

template <class T>
bool Put(Word to, const T& value, arch::Siginfo* info) {
  return to == 0 || CopyOut(to, value) || Bad(to, sizeof(T), info);
}

bool Gettimeofday(arch::Ucontext* u, arch::Siginfo* info, long* result) {
  const Word time_at = Argument(*u, 0), zone_at = Argument(*u, 1);
  Timeval time;
  Timezone zone;
  const auto call = FunctionFor<GettimeofdayFunction>(arch::Vsyscall::kGettimeofday);
  *result = call != nullptr ? call(&time, &zone) : HostCall<"gettimeofday">(&time, &zone);
  return IsError(*result) || (Put(time_at, time, info) && Put(zone_at, zone, info));
}

bool Time(arch::Ucontext* u, arch::Siginfo* info, long* result) {
  const auto call = FunctionFor<TimeFunction>(arch::Vsyscall::kTime);
  *result = call != nullptr ? call(nullptr) : HostCall<"time">(0);
  return Put(Argument(*u, 0), *result, info);
}

// The third argument, a cache of 2.6.19 to 2.6.23, is not looked at.
bool Getcpu(arch::Ucontext* u, arch::Siginfo* info, long* result) {
  unsigned cpu, node;
  const auto call = FunctionFor<GetcpuFunction>(arch::Vsyscall::kGetcpu);
  *result = call != nullptr ? call(&cpu, &node, nullptr) : HostCall<"getcpu">(&cpu, &node, 0);
  return IsError(*result) || (Put(Argument(*u, 0), cpu, info) && Put(Argument(*u, 1), node, info));
}

bool Answer(arch::Vsyscall which, arch::Ucontext* u, arch::Siginfo* info, long* result) {
  switch (which) {
    case arch::Vsyscall::kGettimeofday:
      return Gettimeofday(u, info, result);
    case arch::Vsyscall::kTime:
      return Time(u, info, result);
    case arch::Vsyscall::kGetcpu:
      return Getcpu(u, info, result);
    default:
      return false;
  }
}

// A patched call met a bad pointer of the program's: it becomes one of the page that did.
void BadAtPatched(arch::Vsyscall which, arch::Siginfo* info, arch::Ucontext* u) {
  arch::VsyscallFrame frame;
  if (!CopyIn(arch::AtVsyscallFrame(*u), &frame)) return;
  Bad(arch::VsyscallPointer(*u), arch::VsyscallBytes(*u), info);
  arch::BackToVsyscallPage(u, which, frame);
}

constexpr struct {
  long nr;
  const char name[24];
} kCalls[] = {{NumberOf("gettimeofday"), "__vdso_gettimeofday"},
              {NumberOf("time"), "__vdso_time"},
              {NumberOf("getcpu"), "__vdso_getcpu"}};

}  // namespace

void StartVsyscall(Word vdso) {
  for (int i = 0; i < 3; ++i) {
    abishim_vsyscall.function[i] = FindInVdso(vdso, kCalls[i].name);
    abishim_vsyscall.count[i] = start::PatchedCounter(kCalls[i].nr);
  }
  HostCall<"mprotect">(&abishim_vsyscall, sizeof(abishim_vsyscall), PROT_READ);
}

bool Vsyscall(arch::Siginfo* info, arch::Ucontext* u) {
  // A signal that was sent may come at this very instruction.
  if (!start::g_settings.vsyscall || info->code <= 0) return false;
  const Word pc = arch::ProgramCounter(*u);
  if (const auto which = arch::VsyscallThatPuts(pc); which != arch::Vsyscall::kNone) {
    BadAtPatched(which, info, u);
    return false;
  }
  const auto which = arch::VsyscallAt(pc);
  if (which == arch::Vsyscall::kNone) return false;
  start::Count(kCalls[static_cast<int>(which)].nr, false);
  Word caller;
  long result;
  if (!CopyIn(arch::StackPointer(*u), &caller)) return Bad(arch::StackPointer(*u), 8, info);
  if (!Answer(which, u, info, &result)) return false;
  arch::ReturnFromCall(u, caller, result);
  patch::VsyscallFaulted(caller, which, kCalls[static_cast<int>(which)].nr);
  return true;
}

}  // namespace abishim::deliver

// (Zeros, behind what every process touches.)
[[gnu::section(".bss.z")]] constinit abishim::arch::VsyscallTargets abishim_vsyscall = {};

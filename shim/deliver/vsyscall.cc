// Known by the program counter alone: kernels differ in the address that they name.
#include "shim/deliver/vsyscall.h"

#include <linux/mman.h>

#include "shim/deliver/vdso.h"
#include "shim/memory/host.h"
#include "shim/start/agent.h"
#include "shim/start/settings.h"
#include "vsyscall_page.h"  // arch/ARCH

namespace abishim::deliver {
namespace {

constexpr Word kPage = 4096;
constexpr int kByKernel = 0x80, kNotMapped = 1;  // si_code SI_KERNEL, SEGV_MAPERR
constexpr Word kUserEnd = 0x7ffffffff000;        // TASK_SIZE

struct Timeval {  // linux/time.h and libstdc++'s headers do not go together
  long seconds, microseconds;
};
struct Timezone {
  int minutes_west, dst_time;
};

// The vDSO's functions, in a page that nobody writes after the start. null: by the system call.
struct Functions {
  long (*gettimeofday)(Timeval*, Timezone*);
  long (*time)(long*);
  long (*getcpu)(unsigned*, unsigned*, void*);
};
struct alignas(kPage) Page {
  Functions functions;
  char rest[kPage - sizeof(Functions)];
};
[[gnu::section(".bss.z")]] constinit Page g_page = {};

template <class F>
void Take(F** to, Word vdso, const char* name) {
  *to = reinterpret_cast<F*>(FindInVdso(vdso, name));
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
  const auto call = g_page.functions.gettimeofday;
  *result = call != nullptr ? call(&time, &zone) : HostCall<"gettimeofday">(&time, &zone);
  return IsError(*result) || (Put(time_at, time, info) && Put(zone_at, zone, info));
}

bool Time(arch::Ucontext* u, arch::Siginfo* info, long* result) {
  const auto call = g_page.functions.time;
  *result = call != nullptr ? call(nullptr) : HostCall<"time">(0);
  return Put(Argument(*u, 0), *result, info);
}

// The third argument, a cache of 2.6.19 to 2.6.23, is not looked at.
bool Getcpu(arch::Ucontext* u, arch::Siginfo* info, long* result) {
  unsigned cpu, node;
  const auto call = g_page.functions.getcpu;
  *result = call != nullptr ? call(&cpu, &node, nullptr) : HostCall<"getcpu">(&cpu, &node, 0);
  return IsError(*result) || (Put(Argument(*u, 0), cpu, info) && Put(Argument(*u, 1), node, info));
}

bool Answer(arch::Vsyscall which, arch::Ucontext* u, arch::Siginfo* info, long* result) {
  switch (which) {
    case arch::Vsyscall::kGettimeofday:
      start::Count(NumberOf("gettimeofday"), false);
      return Gettimeofday(u, info, result);
    case arch::Vsyscall::kTime:
      start::Count(NumberOf("time"), false);
      return Time(u, info, result);
    case arch::Vsyscall::kGetcpu:
      start::Count(NumberOf("getcpu"), false);
      return Getcpu(u, info, result);
    default:
      return false;
  }
}

}  // namespace

void StartVsyscall(Word vdso) {
  Take(&g_page.functions.gettimeofday, vdso, "__vdso_gettimeofday");
  Take(&g_page.functions.time, vdso, "__vdso_time");
  Take(&g_page.functions.getcpu, vdso, "__vdso_getcpu");
  HostCall<"mprotect">(&g_page, kPage, PROT_READ);
}

bool Vsyscall(arch::Siginfo* info, arch::Ucontext* u) {
  const auto which = arch::VsyscallAt(arch::ProgramCounter(*u));
  // A signal that was sent may come at this very instruction.
  if (which == arch::Vsyscall::kNone || !start::g_settings.vsyscall || info->code <= 0)
    return false;
  Word caller;
  long result;
  if (!CopyIn(arch::StackPointer(*u), &caller)) return Bad(arch::StackPointer(*u), 8, info);
  if (!Answer(which, u, info, &result)) return false;
  arch::ReturnFromCall(u, caller, result);
  return true;
}

}  // namespace abishim::deliver

// x86-64: the vsyscall page, where three calls had fixed addresses from 2.5 on; what programs that
// were linked before glibc 2.15 (2.14 static ones) call. Includes nothing of ours.
#pragma once

#include "registers.h"

namespace abishim::arch {

inline constexpr unsigned long kVsyscallPage = 0xffffffffff600000;
inline constexpr unsigned long kVsyscallPageBytes = 4096;

enum class Vsyscall : int { kGettimeofday, kTime, kGetcpu, kNone };

// Which of them begins at this address. The fourth never was one.
inline Vsyscall VsyscallAt(unsigned long pc) {
  constexpr unsigned long kPlaces = 0xc00;
  if ((pc & ~kPlaces) != kVsyscallPage) return Vsyscall::kNone;
  return static_cast<Vsyscall>((pc & kPlaces) >> 10);
}

// To be called as such a program does. On a host without the page that is SIGSEGV.
inline long CallTimeOfVsyscallPage() {
  return reinterpret_cast<long (*)(long*)>(kVsyscallPage + 0x400)(nullptr);
}

// The thread returns from the function that it has just called, to `caller`.
inline void ReturnFromCall(Ucontext* u, unsigned long caller, long result) {
  u->rip = caller;
  u->rsp += sizeof(caller);
  SetResult(u, result);
}

// What a patched call of the page leads to (vsyscall_entry.S), by number of Vsyscall. A page of its
// own, as nobody writes it after the start.
struct alignas(kVsyscallPageBytes) VsyscallTargets {
  unsigned long function[3];     // of the vDSO; 0: it has none
  unsigned long long* count[3];  // of such calls; null: nobody counts
};
static_assert(__builtin_offsetof(VsyscallTargets, count) == 24);

}  // namespace abishim::arch

extern "C" {
[[gnu::visibility("hidden")]] extern abishim::arch::VsyscallTargets abishim_vsyscall;
[[gnu::visibility("hidden")]] extern const char abishim_vsyscall_time[],
    abishim_vsyscall_gettimeofday[], abishim_vsyscall_getcpu[], abishim_vsyscall_put_gettimeofday[],
    abishim_vsyscall_put_time[], abishim_vsyscall_put_getcpu[], abishim_vsyscall_end[];
}

namespace abishim::arch {

inline unsigned long VsyscallEntry(Vsyscall which) {
  const char* const entries[] = {abishim_vsyscall_gettimeofday, abishim_vsyscall_time,
                                 abishim_vsyscall_getcpu};
  return reinterpret_cast<unsigned long>(entries[static_cast<int>(which)]);
}

inline bool InVsyscallEntry(unsigned long pc) {
  const auto first = reinterpret_cast<unsigned long>(abishim_vsyscall_time);
  return pc - first < reinterpret_cast<unsigned long>(abishim_vsyscall_end) - first;
}

// Which of the entries writes to a pointer of the program's at this address?
inline Vsyscall VsyscallThatPuts(unsigned long pc) {
  const auto from = [pc](const char* label) {
    return pc >= reinterpret_cast<unsigned long>(label);
  };
  if (from(abishim_vsyscall_end) || !from(abishim_vsyscall_put_gettimeofday))
    return Vsyscall::kNone;
  if (from(abishim_vsyscall_put_getcpu)) return Vsyscall::kGetcpu;
  return from(abishim_vsyscall_put_time) ? Vsyscall::kTime : Vsyscall::kGettimeofday;
}

// What such an entry has on the stack at its rbp.
struct VsyscallFrame {
  unsigned long rdx, rsi, rdi, rbp, caller;
};
inline unsigned long AtVsyscallFrame(const Ucontext& u) {
  return u.rbp - __builtin_offsetof(VsyscallFrame, rbp);
}
// The pointer that it was about to write to, and how many bytes.
inline unsigned long VsyscallPointer(const Ucontext& u) { return u.rdi; }
inline unsigned long VsyscallBytes(const Ucontext& u) { return u.rdx; }

// The thread stands where it would if it had called the page.
inline void BackToVsyscallPage(Ucontext* u, Vsyscall which, const VsyscallFrame& frame) {
  u->rsp = u->rbp + sizeof(frame.rbp);
  u->rdx = frame.rdx, u->rsi = frame.rsi, u->rdi = frame.rdi, u->rbp = frame.rbp;
  u->rip = kVsyscallPage + (static_cast<unsigned long>(which) << 10);
  u->rax = u->rip;
}

}  // namespace abishim::arch

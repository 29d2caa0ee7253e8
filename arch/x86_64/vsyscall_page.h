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

}  // namespace abishim::arch

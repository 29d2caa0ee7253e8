#include "shim/patch/vsyscall.h"

#include "shim/memory/host.h"
#include "shim/patch/attempt.h"
#include "shim/patch/exchange.h"
#include "shim/patch/find.h"
#include "shim/patch/helper.h"
#include "shim/patch/window.h"
#include "shim/start/settings.h"

namespace abishim::patch {
namespace {

using arch::Immediate, arch::Vsyscall;

constexpr Vsyscall kAll[] = {Vsyscall::kGettimeofday, Vsyscall::kTime, Vsyscall::kGetcpu};
constexpr int kFunctionBytes = 64;  // so far into a function the jump at its end is looked for

Word PageAddress(Vsyscall which) { return arch::kVsyscallPage + (static_cast<Word>(which) << 10); }

// The function that the call before `caller` leads to, through a procedure linkage table or not.
Word Function(const unsigned char* before, Word caller) {
  const Word function = arch::CalledFunction(before, caller);
  unsigned char linkage[arch::kLinkageBytes];
  if (function == 0 || !CopyIn(function, &linkage)) return 0;
  const Word slot = arch::LinkageSlot(linkage, function);
  Word target = function;
  return slot == 0 || CopyIn(slot, &target) ? target : 0;
}

// `call *%reg` before `caller`; or the call of a function that ends in `jmp *%reg`.
Immediate Find(Word caller, Word target) {
  unsigned char before[arch::kSiteWindow], function[kFunctionBytes];
  int unknown;
  if (!ReadWindow(caller, before, &unknown)) return {};
  const Immediate load = arch::FindLoadOfCall(before, unknown, caller, target);
  if (load.at != 0) return load;
  const Word start = Function(before, caller);
  if (start == 0 || !CopyIn(start, &function)) return {};
  return arch::FindLoadOfJump(function, kFunctionBytes, start, target);
}

struct Job {
  Immediate load;
  Word entry;
  Outcome outcome;
};

// In the helper.
void Write(void* at) {
  Job& job = *static_cast<Job*>(at);
  const Word start = job.load.at, bytes = static_cast<Word>(job.load.bytes);
  Text text;
  job.outcome = Outcome::kMapping;
  if (FindText(start, start + bytes, &text) != Found::kText) return;
  const memory::Own own;
  const Change change = MakeChange(start, &job.entry, bytes);
  job.outcome = Exchange(own, text, &change, 1) ? Outcome::kPatched : Outcome::kRefused;
}

Outcome Patch(Word caller, Vsyscall which) {
  const Word entry = arch::VsyscallEntry(which);
  const Immediate load = Find(caller, PageAddress(which));
  if (load.at == 0) return Find(caller, entry).at != 0 ? Outcome::kAlready : Outcome::kShape;
  if (PageOf(load.at) != PageOf(load.at + static_cast<Word>(load.bytes) - 1))
    return Outcome::kAcross;
  Job job{load, entry, Outcome::kRefused};
  WithOwnFiles(Write, &job);
  return job.outcome;
}

}  // namespace

void VsyscallFaulted(Word caller, Vsyscall which, long nr) {
  if (start::g_settings.mode == start::Mode::kTrap) return;
  // Without the vDSO's function a call would have to be made, and that is the fault's handler's.
  if (abishim_vsyscall.function[static_cast<int>(which)] == 0) return;
  if (sandbox::g_kept.load(std::memory_order_relaxed) != 0) return;
  if (!IsDue(caller)) return;
  const KeepOut no_others;
  if (BeginAttempt()) EndAttempt(caller, nr, Patch(caller, which));
}

bool IsPatchedAddress(const void* file, const void* text, Word bytes) {
  for (const auto which : kAll) {
    const Word before = PageAddress(which), now = arch::VsyscallEntry(which);
    if (__builtin_memcmp(file, &before, bytes) == 0 && __builtin_memcmp(text, &now, bytes) == 0)
      return true;
  }
  return false;
}

}  // namespace abishim::patch

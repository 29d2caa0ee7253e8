#include "shim/memory/host.h"

#include "shim/memory/alone.h"
#include "shim/memory/keep.h"
#include "shim/memory/reach.h"
#include "shim/signals/masks.h"
#include "shim/start/settings.h"

namespace abishim {
namespace {

// Without a filter there is no handler of ours either, which would catch the copy's fault.
bool IsCaught() { return start::g_settings.mode != start::Mode::kNoFilter; }

// A program's pointer may be any number, one of the kernel's half included: the copy then faults
// just as on an unmapped page.
Word In(void* to, Word from, Word bytes) {
  if (!IsCaught()) bytes = memory::Readable(from, bytes);
  return bytes - abishim_copy(to, reinterpret_cast<const void*>(from), bytes);
}
Word Out(Word to, const void* from, Word bytes) {
  if (!IsCaught()) bytes = memory::Writable(to, bytes);
  return bytes - abishim_copy(reinterpret_cast<void*>(to), from, bytes);
}

// Without a filter no signal is ours, and the program's own mask serves.
long Mask(Word mask, Word size, Word* safe) {
  if (IsCaught()) return signals::SafeMask(mask, size, safe);
  *safe = mask;
  return 0;
}

}  // namespace

constinit const Host kHost{sandbox::Call, In, Out, Mask, memory::Keep, memory::Alone};

}  // namespace abishim

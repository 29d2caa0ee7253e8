#include "shim/memory/host.h"

#include "shim/memory/alone.h"
#include "shim/memory/keep.h"
#include "shim/signals/masks.h"

namespace abishim {
namespace {

// A program's pointer may be any number, one of the kernel's half included: the copy then faults
// just as on an unmapped page.
Word In(void* to, Word from, Word bytes) {
  return bytes - abishim_copy(to, reinterpret_cast<const void*>(from), bytes);
}
Word Out(Word to, const void* from, Word bytes) {
  return bytes - abishim_copy(reinterpret_cast<void*>(to), from, bytes);
}

}  // namespace

constinit const Host kHost{sandbox::Call, In, Out, signals::SafeMask, memory::Keep, memory::Alone};

}  // namespace abishim

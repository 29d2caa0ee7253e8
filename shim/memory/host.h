// The host as the image reaches it: through the gate, and to program memory through the copy that
// survives a bad pointer.
#pragma once

#include "registers.h"  // arch/ARCH
#include "shim/sandbox/guard.h"
#include "tables/kernel.h"

namespace abishim {

extern const Host kHost;

// The same without a Kernel at hand, for the rooms that are no translation.
template <Name name, class... A>
long HostCall(A... a) {
  static_assert(sizeof...(A) <= 6);
  const long v[6] = {(long)a...};
  return sandbox::Call(NumberOf(name.View()), v[0], v[1], v[2], v[3], v[4], v[5]);
}

template <class T>
bool CopyIn(Word from, T* to) {
  return abishim_copy(to, reinterpret_cast<const void*>(from), sizeof(T)) == 0;
}
template <class T>
bool CopyOut(Word to, const T& from) {
  return abishim_copy(reinterpret_cast<void*>(to), &from, sizeof(T)) == 0;
}

}  // namespace abishim

// Questions about the table that are answered while compiling.
#pragma once

#include "abi.h"  // arch/ARCH/abi.h: the build puts that folder on the include path
#include "tables/syscalls.h"

namespace abishim {

// A string as a template argument: kernel.Call<"openat">().
template <unsigned long N>
struct Name {
  char text[N];
  consteval Name(const char (&from)[N]) {
    for (unsigned long i = 0; i < N; ++i) text[i] = from[i];
  }
  constexpr std::string_view View() const { return {text, N - 1}; }
};

// Declared and never defined: calling one while compiling is the error message.
void ThereIsNoSuchRowInTheTable();
void ThisArchitectureHasNoSuchSyscall();

constexpr const Row* FindRow(std::string_view name) {
  int low = 0, high = static_cast<int>(std::size(kSyscalls));
  while (low < high) {
    const int middle = (low + high) / 2;
    if (kSyscalls[middle].name == name) return &kSyscalls[middle];
    if (kSyscalls[middle].name < name) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return nullptr;
}

// The number of a call on the architecture that we compile for.
consteval int NumberOf(std::string_view name) {
  const Row* row = FindRow(name);
  if (row == nullptr) {
    ThereIsNoSuchRowInTheTable();
    return kNone;
  }
  const int nr = arch::NumberIn(row->nr);
  if (nr == kNone) ThisArchitectureHasNoSuchSyscall();
  return nr;
}

}  // namespace abishim

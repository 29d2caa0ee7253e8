// An exec with a helper that carries the image over.
#pragma once

#include "shim/exec/loader.h"

namespace abishim::exec {

enum class Outcome : unsigned char {
  kError,     // the exec failed, as it would have without us
  kAlone,     // it must be tried without a helper
  kNoTracer,  // ptrace is not possible here
};
struct Attempt {
  Outcome outcome;
  long error;
};

// Comes back only when the caller is still the old program.
Attempt Carry(const Request& request);

}  // namespace abishim::exec

// x86-64: where does an instruction end? Includes nothing of ours.
#pragma once

namespace abishim::arch {

struct Instruction {
  int length = 0;  // 0: there is none in 64-bit code, or it does not end in time
  // Its ModRM byte if it surely accesses memory there by the plain registers that this byte names:
  // none of r8 to r15, no segment of its own, no mask. Null otherwise.
  const unsigned char* access = nullptr;
};

// The one at `at`, if it ends no later than `end`.
Instruction Decode(const unsigned char* at, const unsigned char* end);

}  // namespace abishim::arch

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

inline constexpr int kLongest = 15;  // bytes of one instruction

// Can one that begins at `first` or later, and before `start`, end at `end`?
bool EndsALongerOne(const unsigned char* first, const unsigned char* start,
                    const unsigned char* end);

// A displacement or an immediate, as it stands in an instruction.
inline int Number(const unsigned char* at) {
  int value;
  __builtin_memcpy(&value, at, sizeof(value));
  return value;
}

}  // namespace abishim::arch

#include "text_sites.h"

#include "instruction.h"
#include "registers.h"

namespace abishim::arch {
namespace {

using Eight = unsigned long;

Eight Load(const unsigned char* at) {
  Eight bytes;
  __builtin_memcpy(&bytes, at, sizeof(bytes));
  return bytes;
}

// Is one of the eight bytes a zero? (Exact as to whether, which is what is asked.)
bool HasZero(Eight bytes) {
  constexpr Eight kLow = 0x0101010101010101, kHigh = kLow << 7;
  return ((bytes - kLow) & ~bytes & kHigh) != 0;
}

bool Loads(const unsigned char* at) {
  return at[0] == 0xb8 || (at[-2] == 0x48 && at[-1] == 0xc7 && at[0] == 0xc0);
}

}  // namespace

// Eight places at a time: a byte of `differs` is zero where there is one byte and then the other.
const unsigned char* NextCall(const unsigned char* at, const unsigned char* end) {
  constexpr Eight kFirst = 0x0f0f0f0f0f0f0f0f, kSecond = 0x0505050505050505;
  while (end - at > 8) {
    const Eight differs = (Load(at) ^ kFirst) | (Load(at + 1) ^ kSecond);
    if (HasZero(differs)) break;
    at += 8;
  }
  for (; end - at >= kSyscallBytes; ++at) {
    if (IsCall(at)) return at + kSyscallBytes;
  }
  return nullptr;
}

long LoadedNumber(const unsigned char* before, int unknown, const unsigned char* wanted,
                  int numbers) {
  constexpr int kLoadBytes = 5;
  for (int i = kSiteWindow - kSyscallBytes - kLoadBytes; i >= unknown + 2; --i) {
    if (!Loads(before + i)) continue;
    const int nr = Number(before + i + 1);
    if (nr >= 0 && nr < numbers && wanted[nr] != 0) return nr;
  }
  return -1;
}

}  // namespace abishim::arch

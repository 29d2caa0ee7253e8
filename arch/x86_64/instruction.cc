#include "instruction.h"

namespace abishim::arch {
namespace {

// What follows an opcode.
struct Tail {
  bool valid = true, modrm = false;
  int immediate = 0;  // bytes
};

constexpr Tail kNothing{}, kInvalid{.valid = false};
constexpr Tail Immediate(int bytes) { return {.immediate = bytes}; }
constexpr Tail ModRm(int immediate = 0) { return {.modrm = true, .immediate = immediate}; }

bool IsLegacyPrefix(unsigned char b) {
  switch (b) {
    case 0x26:
    case 0x2e:
    case 0x36:
    case 0x3e:
    case 0x64:
    case 0x65:
    case 0x66:
    case 0x67:
    case 0xf0:
    case 0xf2:
    case 0xf3:
      return true;
    default:
      return false;
  }
}

// The first map, up to 0x3f: eight arithmetic operations, each in the same six forms.
Tail ArithmeticTail(unsigned char op, int full) {
  switch (op & 7) {
    case 4:
      return Immediate(1);
    case 5:
      return Immediate(full);
    case 6:
    case 7:  // (0f and the prefixes are dealt with before)
      return kInvalid;
    default:
      return ModRm();
  }
}

// `full`: 4, or 2 with a prefix 66. `wide`: REX.W. `next`: the byte behind the opcode.
Tail OneByteTail(unsigned char op, int full, bool wide, bool short_address, unsigned char next) {
  if (op < 0x40) return ArithmeticTail(op, full);
  if (op >= 0x70 && op <= 0x7f) return Immediate(1);
  if (op >= 0xb0 && op <= 0xb7) return Immediate(1);
  if (op >= 0xb8 && op <= 0xbf) return Immediate(wide ? 8 : full);
  if (op >= 0xd8 && op <= 0xdf) return ModRm();
  if (op >= 0xa0 && op <= 0xa3) return Immediate(short_address ? 4 : 8);
  switch (op) {
    case 0x60:
    case 0x61:
    case 0x82:
    case 0x9a:
    case 0xce:
    case 0xd4:
    case 0xd6:
    case 0xea:
      return kInvalid;
    case 0x63:
    case 0x84:
    case 0x85:
    case 0x86:
    case 0x87:
    case 0x88:
    case 0x89:
    case 0x8a:
    case 0x8b:
    case 0x8c:
    case 0x8d:
    case 0x8e:
    case 0x8f:
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
    case 0xfe:
    case 0xff:
      return ModRm();
    case 0x69:
    case 0x81:
    case 0xc7:
      return ModRm(full);
    case 0x6b:
    case 0x80:
    case 0x83:
    case 0xc0:
    case 0xc1:
    case 0xc6:
      return ModRm(1);
    case 0xf6:
      return ModRm((next & 0x38) < 0x10 ? 1 : 0);
    case 0xf7:
      return ModRm((next & 0x38) < 0x10 ? full : 0);
    case 0x68:
    case 0xa9:
      return Immediate(full);
    case 0xe8:
    case 0xe9:
      return Immediate(4);
    case 0xc2:
    case 0xca:
      return Immediate(2);
    case 0xc8:
      return Immediate(3);
    case 0x6a:
    case 0xa8:
    case 0xcd:
    case 0xe0:
    case 0xe1:
    case 0xe2:
    case 0xe3:
    case 0xe4:
    case 0xe5:
    case 0xe6:
    case 0xe7:
    case 0xeb:
      return Immediate(1);
    default:
      return kNothing;
  }
}

// The second map (0f), also of vector instructions.
Tail TwoByteTail(unsigned char op) {
  if (op >= 0x80 && op <= 0x8f) return Immediate(4);
  if ((op >= 0x30 && op <= 0x37) || (op >= 0xc8 && op <= 0xcf)) return kNothing;
  if (op >= 0x70 && op <= 0x73) return ModRm(1);
  switch (op) {
    case 0x05:
    case 0x06:
    case 0x07:
    case 0x08:
    case 0x09:
    case 0x0b:
    case 0x0e:
    case 0x77:
    case 0xa0:
    case 0xa1:
    case 0xa2:
    case 0xa8:
    case 0xa9:
    case 0xaa:
      return kNothing;
    case 0x0f:
    case 0xa4:
    case 0xac:
    case 0xba:
    case 0xc2:
    case 0xc4:
    case 0xc5:
    case 0xc6:
      return ModRm(1);
    default:
      return ModRm();
  }
}

// Of the first map: all but lea. (The divisions f6 and f7 do change rax. That one divides a number
// at its own displacement from a pointer to that number is no program.)
bool OneByteAccesses(unsigned char op) { return op != 0x8d; }

// Of the second map: moves, set and arithmetic on general registers; not what only hints,
// nor cmpxchg.
bool TwoByteAccesses(unsigned char op) {
  return (op >= 0x40 && op <= 0x4f) || (op >= 0x90 && op <= 0x9f) ||
         (op >= 0xa3 && op <= 0xaf && op != 0xae) || (op >= 0xb2 && op <= 0xc1);
}

Tail MapTail(unsigned map, unsigned char op) {
  switch (map) {
    case 1:
      return TwoByteTail(op);
    case 3:
    case 8:
      return ModRm(1);
    case 10:
      return ModRm(4);
    default:
      return ModRm();
  }
}

// Bytes of ModRM, SIB and displacement.
int AddressLength(const unsigned char* at, const unsigned char* end) {
  const unsigned mod = *at >> 6, rm = *at & 7;
  if (mod == 3) return 1;
  const bool sib = rm == 4;
  if (sib && at + 1 >= end) return 1 + 1 + 4;  // too long, whatever it is
  const bool far = mod == 0 && (sib ? (at[1] & 7) == 5 : rm == 5);
  return 1 + (sib ? 1 : 0) + (mod == 1 ? 1 : mod == 2 || far ? 4 : 0);
}

// VEX, EVEX and XOP: how many bytes stand before the opcode, 0 if it is none of these.
int VectorPrefix(const unsigned char* at, const unsigned char* end, unsigned* map) {
  if (at + 2 >= end) return 0;
  *map = at[1] & 0x1f;
  switch (*at) {
    case 0xc5:
      *map = 1;
      return 2;
    case 0xc4:
      return 3;
    case 0x8f:
      return *map >= 8 ? 3 : 0;
    case 0x62:
      *map &= 7;
      return 4;
    default:
      return 0;
  }
}

}  // namespace

Instruction Decode(const unsigned char* at, const unsigned char* end) {
  const unsigned char* p = at;
  bool small = false, short_address = false, wide = false, plain = true;
  for (; p < end && IsLegacyPrefix(*p); ++p) {
    small |= *p == 0x66;
    short_address |= *p == 0x67;
    plain &= *p == 0x66 || *p >= 0xf0;
  }
  if (p < end && (*p & 0xf0) == 0x40) {
    wide = (*p & 8) != 0;
    plain &= (*p++ & 1) == 0;
  }
  if (p >= end) return {};
  const int full = small && !wide ? 2 : 4;
  Tail tail;
  unsigned map = 0;
  if (const int prefix = VectorPrefix(p, end, &map)) {
    if (p + prefix >= end) return {};
    tail = MapTail(map, p[prefix]);
    p += prefix + 1;
    plain = false;
  } else if (*p == 0x0f) {
    const bool third = p + 1 < end && (p[1] == 0x38 || p[1] == 0x3a);
    if (p + (third ? 2 : 1) >= end) return {};
    tail = third ? ModRm(p[1] == 0x3a ? 1 : 0) : TwoByteTail(p[1]);
    plain &= !third && TwoByteAccesses(p[1]);
    p += third ? 3 : 2;
  } else {
    tail = OneByteTail(*p, full, wide, short_address, p + 1 < end ? p[1] : 0);
    plain &= OneByteAccesses(*p++);
  }
  if (!tail.valid || (tail.modrm && p >= end)) return {};
  const unsigned char* const modrm = tail.modrm ? p : nullptr;
  if (tail.modrm) p += AddressLength(p, end);
  p += tail.immediate;
  if (p > end) return {};
  return {static_cast<int>(p - at), plain ? modrm : nullptr};
}

bool EndsALongerOne(const unsigned char* first, const unsigned char* start,
                    const unsigned char* end) {
  for (const unsigned char* at = first; at < start; ++at) {
    if (end - at <= kLongest && at + Decode(at, end).length == end) return true;
  }
  return false;
}

}  // namespace abishim::arch

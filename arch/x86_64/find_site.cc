// Which bytes before a `syscall` instruction may become a jump?
#include "instruction.h"
#include "patch_site.h"

namespace abishim::arch {
namespace {

constexpr int kMostMoved = 22;
static_assert(kMostMoved <= static_cast<int>(sizeof(Site{}.moved)));

constexpr int kRax = 0, kRsp = 4, kRdi = 7;

// Loads a number into a register: the one that the jump replaces.
struct Load {
  int length = 0;  // 0: it does not
  int reg = 0;
  unsigned long value = 0;
  bool plain = false;  // b8 imm32 and its like, without a prefix
};

// b8+reg imm32; 41 b8+reg imm32; 48 c7 c0+reg imm32, which extends the sign.
Load LoadAt(const unsigned char* at, const unsigned char* stop) {
  const long room = stop - at;
  if (room >= 5 && (at[0] & 0xf8) == 0xb8)
    return {5, at[0] & 7, static_cast<unsigned>(Number(at + 1)), true};
  if (room >= 6 && at[0] == 0x41 && (at[1] & 0xf8) == 0xb8) {
    return {6, 8 + (at[1] & 7), static_cast<unsigned>(Number(at + 2)), false};
  }
  if (room >= 7 && at[0] == 0x48 && at[1] == 0xc7 && (at[2] & 0xf8) == 0xc0) {
    return {7, at[2] & 7, static_cast<unsigned long>(Number(at + 3)), false};
  }
  return {};
}

// Does the register hold this now, when the call is made?
bool Holds(int reg, unsigned long value, long nr, const unsigned long* args) {
  constexpr int kArguments[] = {kRdi, 6, 2, 10, 8, 9};
  if (reg == kRax) return value == static_cast<unsigned long>(nr);
  if (args == nullptr) return false;
  for (int i = 0; i < 6; ++i) {
    if (kArguments[i] == reg) return value == args[i];
  }
  return false;
}

// The register that an instruction on registers alone writes: such a one does the same anywhere,
// and cannot fault. -1: it is none of these.
int Writes(const unsigned char* at) {
  int high_rm = 0, high_reg = 0;
  if ((*at & 0xf0) == 0x40) {
    high_rm = (*at & 1) != 0 ? 8 : 0;
    high_reg = (*at & 4) != 0 ? 8 : 0;
    ++at;
  }
  if ((*at & 0xf8) == 0xb8) return (*at & 7) + high_rm;
  const bool registers = at[1] >= 0xc0;
  if (!registers) return -1;
  switch (*at) {
    case 0x01:  // add, or, and, sub, xor, mov: into the second operand
    case 0x09:
    case 0x21:
    case 0x29:
    case 0x31:
    case 0x89:
    case 0x81:  // the same of immediates
    case 0x83:
      return (at[1] & 7) + high_rm;
    case 0x03:  // into the first
    case 0x0b:
    case 0x23:
    case 0x2b:
    case 0x33:
    case 0x63:  // movslq
    case 0x8b:
      return (at[1] >> 3 & 7) + high_reg;
    case 0xc7:
      return (at[1] & 0x38) == 0 ? (at[1] & 7) + high_rm : -1;
    default:
      return -1;
  }
}

// Only such instructions between here and `stop`, of which none writes `kept` or the stack pointer?
bool CanBeMoved(const unsigned char* at, const unsigned char* stop, int kept) {
  for (int length; at < stop; at += length) {
    length = Decode(at, stop).length;
    if (length < 2) return false;
    const int reg = Writes(at);
    if (reg < 0 || reg == kept || reg == kRsp) return false;
  }
  return true;
}

// What stands before the `syscall` instruction, and what holds when it is reached.
struct Reading {
  const unsigned char* first;  // that can be seen
  const unsigned char* start;  // the instruction that the jump replaces
  const unsigned char* rest;   // behind it
  const unsigned char* stop;   // the `syscall` instruction
  Load load;
  bool small_rax;  // at `rest`, rax is so small a number that no memory is there
};
constexpr unsigned long kSmall = 0x400;

// Could what is executed from here on come to the `syscall` instruction? Not by way of the number's
// zeros: add %al, (%rax) would fault.
bool LeadsTo(const unsigned char* at, const Reading& by) {
  while (at < by.stop) {
    if (by.small_rax && at + 2 == by.rest && at[0] == 0 && at[1] == 0) return false;
    const int length = Decode(at, by.stop).length;
    if (length == 0) return false;
    at += length;
  }
  return true;
}

// An instruction that began before the load and reaches into it or over it, and from whose end on
// the bytes lead to the `syscall` too, would be another reading of them (c7 45 b8 imm32, for one).
// It cannot be one of which the load is ModRM and displacement, as that would be an access to
// number(%register) while the register holds the number: so small an address faults. (Such a one
// does not write that register either, unless it is rdi.)
bool IsSurelyOne(const Reading& by) {
  const bool would_fault = by.load.plain && by.load.value < kSmall && by.load.reg != kRdi;
  for (const unsigned char* at = by.first; at < by.start; ++at) {
    const Instruction other = Decode(at, by.stop);
    const unsigned char* const behind = at + other.length;
    if (other.length == 0 || other.length > kLongest || behind <= by.start) continue;
    const bool faults = would_fault && other.access == by.start && behind == by.rest;
    if (!faults && LeadsTo(behind, by)) return false;
  }
  return true;
}

// (For these it is enough that no longer instruction ends where they do: what else could be read is
// `enter` and the like, inside the moves of the arguments.)
bool IsShared(const unsigned char* first, const unsigned char* at) {
  const bool argument =
      at[0] == 0x4c && at[1] == 0x8b && at[2] == 0x4c && at[3] == 0x24 && at[4] == 0x08;
  const bool number = at[0] == 0x48 && at[1] == 0x8b && at[2] == 0x44 && at[3] == 0x24;
  return (argument || number) && !EndsALongerOne(first, at, at + kJumpBytes);
}

Site Make(Shape shape, const unsigned char* start, const unsigned char* stop, unsigned long end) {
  Site site{shape, end - 2 - static_cast<unsigned long>(stop - start), end};
  for (const unsigned char* at = start; at < stop; ++at) site.moved[site.bytes++] = *at;
  return site;
}

}  // namespace

Site FindSite(const unsigned char* before, int unknown, unsigned long end, long nr,
              const unsigned long* args) {
  const unsigned char* const stop = before + kSiteWindow - 2;
  const unsigned char* const first = before + unknown;
  if (!IsCall(stop)) return {};
  // (What cannot be seen could be the beginning of a longer instruction.)
  for (int back = kJumpBytes; back <= kMostMoved && stop - back - first >= kLongest - 1; ++back) {
    const unsigned char* const at = stop - back;
    if (back == kJumpBytes && IsShared(first, at)) return Make(Shape::kShared, at, stop, end);
    const Load load = LoadAt(at, stop);
    if (load.length == 0 || !Holds(load.reg, load.value, nr, args)) continue;
    const unsigned char* const rest = at + load.length;
    if (!CanBeMoved(rest, stop, load.reg)) continue;
    const bool small = static_cast<unsigned long>(nr) < kSmall && CanBeMoved(rest, stop, kRax);
    if (!IsSurelyOne({first, at, rest, stop, load, small})) continue;
    return Make(load.reg == kRax ? Shape::kNumber : Shape::kShared, at, stop, end);
  }
  return {};
}

}  // namespace abishim::arch

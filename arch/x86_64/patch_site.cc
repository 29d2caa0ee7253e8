#include "patch_site.h"

#include "instruction.h"

namespace abishim::arch {
namespace {

constexpr int kShortLoad = 7, kLongLoad = 10, kLoads[] = {kShortLoad, kLongLoad};

bool Equal(const unsigned char* a, const unsigned char* b, int bytes) {
  for (int i = 0; i < bytes; ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

// call *%reg (ff d0) or jmp *%reg (ff e0) at the beginning or at the end of these bytes: its
// length.
int RegisterBranch(const unsigned char* at, const unsigned char* end, unsigned char code,
                   int* reg) {
  const bool high = at < end && *at == 0x41;
  if (high) ++at;
  if (end - at < 2 || at[0] != 0xff || (at[1] & 0xf8) != code) return 0;
  *reg = (at[1] & 7) | (high ? 8 : 0);
  return high ? 3 : 2;
}

// The instruction of `length` bytes that loads the register with just this target, and ends at
// `end`, which is `address` in the program.
Immediate Load(const unsigned char* end, int length, unsigned long address, int reg,
               unsigned long target) {
  const unsigned char* const at = end - length;
  const unsigned char rex = reg < 8 ? 0x48 : 0x49, low = static_cast<unsigned char>(reg & 7);
  const bool is_short = length == kShortLoad && at[0] == rex && at[1] == 0xc7 &&
                        at[2] == (0xc0 | low) &&
                        static_cast<unsigned long>(Number(at + 3)) == target;
  const bool is_long = length == kLongLoad && at[0] == rex && at[1] == (0xb8 | low) &&
                       (static_cast<unsigned long>(Number(at + 6)) << 32 |
                        static_cast<unsigned>(Number(at + 2))) == target;
  if (!is_short && !is_long) return {};
  const int bytes = is_short ? 4 : 8;
  return {address - static_cast<unsigned long>(bytes), bytes};
}

class Writer {
 public:
  Writer(Slot* slot, unsigned long at) : slot_(slot), at_(at) {}
  template <int n>
  void Bytes(const unsigned char (&bytes)[n]) {
    for (const unsigned char byte : bytes) slot_->bytes[length_++] = byte;
  }
  void Word32(unsigned long value) {
    for (int i = 0; i < 4; ++i) {
      slot_->bytes[length_++] = static_cast<unsigned char>(value >> (8 * i));
    }
  }
  // The distance from the end of this very word, which ends its instruction.
  void Relative(unsigned long to) { Word32(to - (at_ + static_cast<unsigned long>(length_) + 4)); }
  void Copy(const unsigned char* bytes, int n) {
    for (int i = 0; i < n; ++i) slot_->bytes[length_++] = bytes[i];
  }
  int length() const { return length_; }
  void SetByte(int i, int value) { slot_->bytes[i] = static_cast<unsigned char>(value); }

 private:
  Slot* slot_;
  unsigned long at_;
  int length_ = 0;
};

}  // namespace

bool Reaches(unsigned long from, unsigned long to) {
  const long distance = static_cast<long>(to - from);
  return distance < kReach && distance > -kReach;
}

Jump JumpTo(unsigned long from, unsigned long to) {
  Jump jump{{0xe9}};
  const unsigned long distance = to - (from + kJumpBytes);
  for (int i = 0; i < 4; ++i) jump.bytes[1 + i] = static_cast<unsigned char>(distance >> (8 * i));
  return jump;
}

bool IsCall(const unsigned char* bytes) { return bytes[0] == 0x0f && bytes[1] == 0x05; }

unsigned long TargetOfJump(const unsigned char* bytes, unsigned long at) {
  if (bytes[0] != 0xe9) return 0;
  return at + kJumpBytes + static_cast<unsigned long>(Number(bytes + 1));
}

//      what was moved; shared: is rax one of ours?
//      lea     -128(%rsp), %rsp        the red zone
//      lea     site_end(%rip), %r11
//      mov     $abishim_site_entry, %ecx
//      call    *%rcx
//      lea     128(%rsp), %rsp
//      jz      1f
//      jmp     site_end
// 1:   jmp     the site's own syscall instruction, which traps as ever
Slot MakeSlot(const Site& site, unsigned long at, unsigned long entry, unsigned long fast,
              int numbers) {
  Slot slot{};
  Writer to(&slot, at);
  int back_by[2] = {};
  to.Copy(site.moved, site.bytes);
  if (site.shape == Shape::kShared) {
    to.Bytes({0x48, 0x3d});  // cmp $numbers, %rax; jae back
    to.Word32(static_cast<unsigned long>(numbers));
    to.Bytes({0x73, 0});
    back_by[0] = to.length();
    to.Bytes({0x80, 0xb8});  // cmpb $0, fast(%rax); je back
    to.Word32(fast);
    to.Bytes({0});
    to.Bytes({0x74, 0});
    back_by[1] = to.length();
  }
  to.Bytes({0x48, 0x8d, 0x64, 0x24, 0x80});
  to.Bytes({0x4c, 0x8d, 0x1d});
  to.Relative(site.end);
  to.Bytes({0xb9});
  to.Word32(entry);
  to.Bytes({0xff, 0xd1});
  to.Bytes({0x48, 0x8d, 0xa4, 0x24, 0x80, 0, 0, 0});
  to.Bytes({0x74, kJumpBytes});
  to.Bytes({0xe9});
  to.Relative(site.end);
  for (const int behind : back_by) {
    if (behind != 0) to.SetByte(behind - 1, to.length() - behind);
  }
  to.Bytes({0xe9});
  to.Relative(site.end - 2);
  return slot;
}

Immediate FindLoadOfCall(const unsigned char* before, int unknown, unsigned long end,
                         unsigned long target) {
  const unsigned char* const stop = before + kSiteWindow;
  int reg = 0;
  // (A REX prefix that is not ours would be the last byte of the address: not 41.)
  const int call = RegisterBranch(stop - 3, stop, 0xd0, &reg) == 3
                       ? 3
                       : RegisterBranch(stop - 2, stop, 0xd0, &reg);
  const unsigned char* const loaded = stop - call;
  if (call == 0 || loaded - (before + unknown) < 15) return {};
  for (const int length : kLoads) {
    const Immediate found =
        Load(loaded, length, end - static_cast<unsigned long>(call), reg, target);
    if (found.at != 0 && !EndsALongerOne(before + unknown, loaded - length, loaded)) return found;
  }
  return {};
}

// From its beginning on, where an instruction surely begins, one after the other.
Immediate FindLoadOfJump(const unsigned char* function, int bytes, unsigned long start,
                         unsigned long target) {
  const unsigned char* const end = function + bytes;
  int length = 0, reg;
  for (const unsigned char* at = function; at < end; at += length) {
    if (RegisterBranch(at, end, 0xe0, &reg) != 0) {
      return Load(at, length, start + static_cast<unsigned long>(at - function), reg, target);
    }
    length = Decode(at, end).length;
    if (length == 0) break;
  }
  return {};
}

unsigned long CalledFunction(const unsigned char* before, unsigned long end) {
  const unsigned char* const call = before + kSiteWindow - 5;
  return call[0] == 0xe8 ? end + static_cast<unsigned long>(Number(call + 1)) : 0;
}

unsigned long LinkageSlot(const unsigned char* bytes, unsigned long at) {
  constexpr unsigned char kLandingPad[] = {0xf3, 0x0f, 0x1e, 0xfa};  // endbr64
  const int pad = Equal(bytes, kLandingPad, 4) ? 4 : 0;
  const int prefix = bytes[pad] == 0xf2 ? 1 : 0;
  const unsigned char* const jump = bytes + pad + prefix;
  if (jump[0] != 0xff || jump[1] != 0x25) return 0;
  return at + static_cast<unsigned long>(pad + prefix + 6) +
         static_cast<unsigned long>(Number(jump + 2));
}

}  // namespace abishim::arch

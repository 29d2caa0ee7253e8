#include "patch_site.h"

#include "instruction.h"

namespace abishim::arch {
namespace {

constexpr unsigned char kSharedMove[] = {0x4c, 0x8b, 0x4c, 0x24, 0x08};  // mov 8(%rsp), %r9

bool Equal(const unsigned char* a, const unsigned char* b, int bytes) {
  for (int i = 0; i < bytes; ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

long Number(const unsigned char* at) {
  unsigned value = 0;
  for (int i = 3; i >= 0; --i) value = value << 8 | at[i];
  return static_cast<int>(value);
}

// The call was made, so an instruction ended at `end`. Is it surely the one that begins at `start`,
// or can a longer one that began before end there, of which `start` is in the middle? (c7 45 b8
// imm32, for one.) It cannot be one that reads or writes nr(%rax), as the b8 of the short form
// would say, for rax is the number: so small an address faults. For the same reason it cannot be
// two that share these bytes: the last one would be add %al, (%rax), made of the number's zeros.
bool IsSurelyOne(const unsigned char* first, const unsigned char* start, const unsigned char* end) {
  constexpr int kLongest = 15;
  for (const unsigned char* at = first; at < start; ++at) {
    if (end - at > kLongest) continue;
    const Instruction other = Decode(at, end);
    const bool faults = other.access == start && *start == 0xb8;
    if (at + other.length == end && !faults) return false;
  }
  return true;
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
  int length() const { return length_; }
  void SetByte(int i, int value) { slot_->bytes[i] = static_cast<unsigned char>(value); }

 private:
  Slot* slot_;
  unsigned long at_;
  int length_ = 0;
};

}  // namespace

Site FindSite(const unsigned char* before, int unknown, unsigned long end, long nr) {
  const unsigned char* const stop = before + kSiteWindow - 2;
  if (stop[0] != 0x0f || stop[1] != 0x05) return {};
  const unsigned char* const first = before + unknown;
  // What cannot be seen could be the beginning of a longer instruction.
  if (stop - first < 15) return {};
  const auto site = [&](Shape shape, int bytes) -> Site {
    if (!IsSurelyOne(first, stop - bytes, stop)) return {};
    return {shape, end - 2 - static_cast<unsigned long>(bytes), end};
  };
  constexpr unsigned char kLongMove[] = {0x48, 0xc7, 0xc0};
  if (Equal(stop - 7, kLongMove, 3) && Number(stop - 4) == nr) return site(Shape::kNumber, 7);
  if (stop[-5] == 0xb8 && Number(stop - 4) == nr) return site(Shape::kNumber, 5);
  if (Equal(stop - 5, kSharedMove, 5)) return site(Shape::kShared, 5);
  return {};
}

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

unsigned long TargetOfJump(const unsigned char* bytes, unsigned long at) {
  if (bytes[0] != 0xe9) return 0;
  return at + kJumpBytes + static_cast<unsigned long>(Number(bytes + 1));
}

//      mov     $nr, %eax               or, shared:  mov 8(%rsp), %r9; is rax one of ours?
//      lea     -128(%rsp), %rsp        the red zone
//      lea     site_end(%rip), %r11
//      mov     $abishim_site_entry, %ecx
//      call    *%rcx
//      lea     128(%rsp), %rsp
//      jrcxz   1f
//      jmp     site_end
// 1:   jmp     the site's own syscall instruction, which traps as ever
Slot MakeSlot(const Site& site, long nr, unsigned long at, unsigned long entry, unsigned long fast,
              int numbers) {
  Slot slot{};
  Writer to(&slot, at);
  int back_by[2] = {};
  if (site.shape == Shape::kNumber) {
    to.Bytes({0xb8});
    to.Word32(static_cast<unsigned long>(nr));
  } else {
    to.Bytes(kSharedMove);
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
  to.Bytes({0xe3, kJumpBytes});
  to.Bytes({0xe9});
  to.Relative(site.end);
  for (const int behind : back_by) {
    if (behind != 0) to.SetByte(behind - 1, to.length() - behind);
  }
  to.Bytes({0xe9});
  to.Relative(site.end - 2);
  return slot;
}

}  // namespace abishim::arch

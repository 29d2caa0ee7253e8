// x86-64: a call site that can become a jump. Includes nothing of ours.
#pragma once

namespace abishim::arch {

// What stands before `0f 05` and can be moved into a trampoline: an instruction that the jump
// replaces, of five bytes or more, and some behind it that stay, for who jumps to them.
enum class Shape {
  kNone,
  kNumber,  // the first loads the number
  kShared,  // any number may be in rax: mov 8(%rsp), %r9, in libc's syscall(), and mov
            // offset(%rsp), %rax; others load an argument
};

struct Site {
  Shape shape = Shape::kNone;
  unsigned long start = 0;  // the first byte that the jump replaces
  unsigned long end = 0;    // behind the `syscall` instruction
  int bytes = 0;            // from start to the `syscall` instruction
  unsigned char moved[24] = {};
};

inline constexpr int kJumpBytes = 5;    // e9 rel32
inline constexpr int kSiteWindow = 40;  // so many bytes before a site's end are looked at
inline constexpr int kSlotBytes = 96;   // of a trampoline
inline constexpr long kReach = 0x7fff0000;

// Is the call that ends at `end` such a site? `before` are the kSiteWindow bytes that end there,
// of which the first `unknown` could not be read; number and arguments those that it was made with.
// No arguments: it was not made yet. Accepted is only what cannot be another instruction.
Site FindSite(const unsigned char* before, int unknown, unsigned long end, long nr,
              const unsigned long* args);

// A jump from `from` to `to`, which must be within reach.
struct Jump {
  unsigned char bytes[kJumpBytes];
};
Jump JumpTo(unsigned long from, unsigned long to);
bool Reaches(unsigned long from, unsigned long to);
// A `syscall` instruction?
bool IsCall(const unsigned char* bytes);
// Where does the jump at the site lead to, if there is one? 0: it is none.
unsigned long TargetOfJump(const unsigned char* bytes, unsigned long at);

// The trampoline of one site, to stand at `at`, which leads to abishim_site_entry. `fast`: a byte
// for each number below `numbers`, which is not zero when the call may be made without a trap. Both
// lie below 2 GiB, as the image does.
struct Slot {
  unsigned char bytes[kSlotBytes];
};
Slot MakeSlot(const Site& site, unsigned long at, unsigned long entry, unsigned long fast,
              int numbers);

// Where a call of a fixed address has that address: the immediate of the instruction before it,
// which loads a register (48 c7 c0 imm32; 48 b8 imm64; any register).
struct Immediate {
  unsigned long at = 0;  // 0: it is not surely one
  int bytes = 0;
};
// `call *%reg` to `target`, which ends at `end`; the rest as for FindSite.
Immediate FindLoadOfCall(const unsigned char* before, int unknown, unsigned long end,
                         unsigned long target);
// `jmp *%reg` to `target` in a function that begins at `start` with these bytes.
Immediate FindLoadOfJump(const unsigned char* function, int bytes, unsigned long start,
                         unsigned long target);
// The function that `call rel32` before `end` calls; 0: it is no such call. And where `jmp *slot`
// at `at`, as it stands in a procedure linkage table, finds its target; 0 likewise.
unsigned long CalledFunction(const unsigned char* before, unsigned long end);
inline constexpr int kLinkageBytes = 12;
unsigned long LinkageSlot(const unsigned char* bytes, unsigned long at);

}  // namespace abishim::arch

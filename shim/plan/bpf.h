// A seccomp program, said as an expression:
//
//   Program p;
//   const Label allow = p.Return(Allow());
//   const Label trap = p.Return(Trap(kCookie));
//   p.When(InBlock(kCaller, gate, 4096), allow, p.When(IsNull(Argument(3)), allow, trap));
//
// Each step names where to go on and gives its own label, so a program is written from its end to
// its beginning: every jump of classic BPF leads forward, and so its length is known when it is
// written. What was said last is where the program begins.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "tables/result.h"

namespace abishim::bpf {

// What a program returns.
struct Action {
  unsigned value;
};
constexpr Action Allow() { return {SECCOMP_RET_ALLOW}; }
constexpr Action Errno(unsigned error) { return {SECCOMP_RET_ERRNO | error}; }
constexpr Action Trap(unsigned data) { return {SECCOMP_RET_TRAP | data}; }
constexpr Action KillProcess() { return {SECCOMP_RET_KILL_PROCESS}; }

// A 32-bit word of struct seccomp_data, by its offset, and a 64-bit one.
enum class Half : unsigned char {
  kNumber = __builtin_offsetof(seccomp_data, nr),
  kArch = __builtin_offsetof(seccomp_data, arch),
};
struct Field {
  unsigned offset;
};
inline constexpr Field kCaller{__builtin_offsetof(seccomp_data, instruction_pointer)};
constexpr Field Argument(int i) {
  return {static_cast<unsigned>(__builtin_offsetof(seccomp_data, args) + 8 * i)};
}

// field & mask == value, in all 64 bits.
struct Condition {
  Field field;
  Word mask, value;
};
constexpr Condition Is(Field field, Word value) { return {field, ~Word{0}, value}; }
constexpr Condition IsNull(Field field) { return Is(field, 0); }
// An argument of type int: the kernel does not look at its upper half.
constexpr Condition IsInt(Field field, unsigned value) { return {field, ~0u, value}; }
constexpr Condition HasBits(Field field, Word bits) { return {field, bits, bits}; }
// `bytes` is a power of two and `start` a multiple of it.
constexpr Condition InBlock(Field field, Word start, Word bytes) {
  return {field, ~(bytes - 1), start};
}

// A place in a program, counted from its end.
struct Label {
  unsigned at = 0;
  friend constexpr bool operator==(Label a, Label b) = default;
};

// Says a program from its last instruction to its first.
class Builder {
 public:
  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;

  Label Return(Action action);
  // Puts a verdict aside, to return it after other words were looked at.
  Label Keep(unsigned verdict, Label next);
  Label KeepLoaded(Label next);  // what the program was about to return
  Label ReturnKept();
  // Loads the word; what compares it follows at `next`.
  Label Load(Half word, Label next);
  // Compares the word that was loaded last.
  Label IfEqual(unsigned value, Label yes, Label no);
  Label IfAtLeast(unsigned value, Label yes, Label no);
  // Loads and compares.
  Label When(const Condition& condition, Label yes, Label no);
  // Of the word that was loaded last, the rest is gone then.
  Label Mask(unsigned mask, Label next);

  const sock_filter* begin() const { return code_ + capacity_ - length_; }
  const sock_filter* end() const { return code_ + capacity_; }
  unsigned length() const { return length_; }
  bool fits() const { return fits_; }  // false: it grew too long and is useless

 protected:
  Builder(sock_filter* code, unsigned capacity) : code_(code), capacity_(capacity) {}

 private:
  Label Emit(unsigned short code, unsigned k, unsigned char yes = 0, unsigned char no = 0);
  Label LoadAt(unsigned offset);
  void FallTo(Label next);
  Label Branch(unsigned short op, unsigned value, Label yes, Label no);
  Label WithinReach(Label target);

  sock_filter* const code_;
  const unsigned capacity_;
  unsigned length_ = 0;
  bool fits_ = true;
};

// With room for so many instructions (the kernel's limit is 4096).
template <unsigned kCapacity>
class ProgramOf : public Builder {
 public:
  ProgramOf() : Builder(storage_, kCapacity) {}

 private:
  sock_filter storage_[kCapacity];
};
using Program = ProgramOf<1024>;

}  // namespace abishim::bpf

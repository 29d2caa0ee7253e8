#include "shim/plan/bpf.h"

namespace abishim::bpf {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a Field's lower half comes first");

Label Builder::Emit(unsigned short code, unsigned k, unsigned char yes, unsigned char no) {
  if (length_ == capacity_) {
    fits_ = false;
    return {length_};
  }
  ++length_;
  code_[capacity_ - length_] = {code, yes, no, k};
  return {length_};
}

Label Builder::Return(Action action) { return Emit(BPF_RET | BPF_K, action.value); }

Label Builder::LoadAt(unsigned offset) { return Emit(BPF_LD | BPF_W | BPF_ABS, offset); }

Label Builder::ReturnKept() {
  Emit(BPF_RET | BPF_A, 0);
  return Emit(BPF_MISC | BPF_TXA, 0);
}

// What does not jump falls through to what was said last; a `next` further away needs a jump.
void Builder::FallTo(Label next) {
  if (next.at != length_) Emit(BPF_JMP | BPF_JA, length_ - next.at);
}

Label Builder::Load(Half word, Label next) {
  FallTo(next);
  return LoadAt(static_cast<unsigned>(word));
}

Label Builder::Keep(unsigned verdict, Label next) {
  FallTo(next);
  return Emit(BPF_LDX | BPF_IMM, verdict);
}

Label Builder::KeepLoaded(Label next) {
  FallTo(next);
  return Emit(BPF_MISC | BPF_TAX, 0);
}

Label Builder::Mask(unsigned mask, Label next) {
  FallTo(next);
  return Emit(BPF_ALU | BPF_AND | BPF_K, mask);
}

// A conditional jump skips 255 instructions at most; further on leads a jump of any length. (254:
// the jump for the other way may yet come in between.)
Label Builder::WithinReach(Label target) {
  const unsigned skips = length_ - target.at;
  return skips <= 254 ? target : Emit(BPF_JMP | BPF_JA, skips);
}

Label Builder::Branch(unsigned short op, unsigned value, Label yes, Label no) {
  yes = WithinReach(yes);
  no = WithinReach(no);
  return Emit(BPF_JMP | BPF_K | op, value, static_cast<unsigned char>(length_ - yes.at),
              static_cast<unsigned char>(length_ - no.at));
}

Label Builder::IfEqual(unsigned value, Label yes, Label no) {
  return Branch(BPF_JEQ, value, yes, no);
}

Label Builder::IfAtLeast(unsigned value, Label yes, Label no) {
  return Branch(BPF_JGE, value, yes, no);
}

Label Builder::When(const Condition& condition, Label yes, Label no) {
  Label next = yes;
  for (unsigned shift = 0; shift < 64; shift += 32) {  // backwards: the upper half is first
    const auto mask = static_cast<unsigned>(condition.mask >> shift);
    if (mask == 0) continue;
    Branch(BPF_JEQ, static_cast<unsigned>(condition.value >> shift), next, no);
    if (mask != ~0u) Emit(BPF_ALU | BPF_AND | BPF_K, mask);
    next = LoadAt(condition.field.offset + shift / 8);
  }
  return next;
}

}  // namespace abishim::bpf

#include "shim/plan/evaluate.h"

namespace abishim {
namespace {

struct Machine {
  unsigned a = 0, x = 0;
  unsigned memory[BPF_MEMWORDS] = {};
};

// BPF_MOD is missing here on purpose: seccomp does not admit it. The shifts count modulo 32, as
// the kernel's interpreter and the processor do.
bool Compute(unsigned short code, unsigned operand, unsigned* a) {
  switch (BPF_OP(code)) {
    case BPF_ADD:
      *a += operand;
      return true;
    case BPF_SUB:
      *a -= operand;
      return true;
    case BPF_MUL:
      *a *= operand;
      return true;
    case BPF_AND:
      *a &= operand;
      return true;
    case BPF_OR:
      *a |= operand;
      return true;
    case BPF_XOR:
      *a ^= operand;
      return true;
    case BPF_LSH:
      *a <<= operand % 32;
      return true;
    case BPF_RSH:
      *a >>= operand % 32;
      return true;
    case BPF_NEG:
      *a = -*a;
      return true;
    case BPF_DIV:
      if (operand == 0) return false;  // ends the program with 0
      *a /= operand;
      return true;
    default:
      return false;
  }
}

bool Holds(unsigned short code, unsigned a, unsigned operand) {
  switch (BPF_OP(code)) {
    case BPF_JEQ:
      return a == operand;
    case BPF_JGT:
      return a > operand;
    case BPF_JGE:
      return a >= operand;
    default:
      return (a & operand) != 0;  // BPF_JSET
  }
}

bool Load(const sock_filter& instruction, const seccomp_data& data, const Machine& machine,
          unsigned* to) {
  switch (BPF_MODE(instruction.code)) {
    case BPF_IMM:
      *to = instruction.k;
      return true;
    case BPF_LEN:
      *to = sizeof data;
      return true;
    case BPF_MEM:
      if (instruction.k >= BPF_MEMWORDS) return false;
      *to = machine.memory[instruction.k];
      return true;
    case BPF_ABS:
      if (instruction.k % 4 != 0 || instruction.k >= sizeof data) return false;
      *to = reinterpret_cast<const unsigned*>(&data)[instruction.k / 4];
      return true;
    default:
      return false;
  }
}

bool Store(const sock_filter& instruction, unsigned value, Machine* machine) {
  if (instruction.k >= BPF_MEMWORDS) return false;
  machine->memory[instruction.k] = value;
  return true;
}

// Everything but jumps and returns. False: the program ends here.
bool Step(const sock_filter& instruction, const seccomp_data& data, Machine* machine) {
  const unsigned operand = BPF_SRC(instruction.code) == BPF_X ? machine->x : instruction.k;
  switch (BPF_CLASS(instruction.code)) {
    case BPF_LD:
      return Load(instruction, data, *machine, &machine->a);
    case BPF_LDX:
      return Load(instruction, data, *machine, &machine->x);
    case BPF_ST:
      return Store(instruction, machine->a, machine);
    case BPF_STX:
      return Store(instruction, machine->x, machine);
    case BPF_ALU:
      return Compute(instruction.code, operand, &machine->a);
    default:  // BPF_MISC
      if (BPF_MISCOP(instruction.code) == BPF_TAX) {
        machine->x = machine->a;
      } else {
        machine->a = machine->x;
      }
      return true;
  }
}

}  // namespace

unsigned Evaluate(const sock_filter* program, unsigned length, const seccomp_data& data) {
  Machine machine;
  for (unsigned at = 0; at < length; ++at) {
    const sock_filter& now = program[at];
    if (BPF_CLASS(now.code) == BPF_RET) return BPF_RVAL(now.code) == BPF_A ? machine.a : now.k;
    if (BPF_CLASS(now.code) != BPF_JMP) {
      if (!Step(now, data, &machine)) return SECCOMP_RET_KILL_THREAD;
    } else if (BPF_OP(now.code) == BPF_JA) {
      if (now.k >= length - at) return SECCOMP_RET_KILL_THREAD;
      at += now.k;
    } else {
      const unsigned operand = BPF_SRC(now.code) == BPF_X ? machine.x : now.k;
      at += Holds(now.code, machine.a, operand) ? now.jt : now.jf;
    }
  }
  return SECCOMP_RET_KILL_THREAD;
}

}  // namespace abishim

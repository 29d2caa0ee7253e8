#include "tests/filter/dump.h"

#include <linux/seccomp.h>
#include <stddef.h>

#include "shim/plan/bpf.h"
#include "tables/row.h"

namespace abishim::test {
namespace {

// System call numbers and errnos in decimal, addresses and flags not.
std::string Number(unsigned value) {
  char text[16];
  snprintf(text, sizeof text, value < 1024 ? "%u" : "0x%x", value);
  return text;
}

std::string FieldName(unsigned offset) {
  if (offset == offsetof(seccomp_data, nr)) return "nr";
  if (offset == offsetof(seccomp_data, arch)) return "arch";
  const bool upper = offset % 8 != 0;
  const std::string name =
      offset < offsetof(seccomp_data, args) ? "ip" : "arg" + std::to_string((offset - 16) / 8);
  return name + (upper ? ".upper" : ".lower");
}

std::string ActionName(unsigned value) {
  const std::string data = Number(value & SECCOMP_RET_DATA);
  switch (value & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_ALLOW:
      return "allow";
    case SECCOMP_RET_ERRNO:
      return "errno " + data;
    case SECCOMP_RET_TRAP:
      return "trap " + data;
    default:
      return "return " + Number(value);
  }
}

std::string JumpName(unsigned short code) {
  switch (BPF_OP(code)) {
    case BPF_JEQ:
      return "==";
    case BPF_JGE:
      return ">=";
    case BPF_JGT:
      return ">";
    default:
      return "has";
  }
}

std::string Instruction(const sock_filter& now, unsigned at) {
  const auto to = [&](unsigned skips) { return std::to_string(at + 1 + skips); };
  switch (now.code) {
    case BPF_RET | BPF_K:
      return ActionName(now.k);
    case BPF_LD | BPF_W | BPF_ABS:
      return "load " + FieldName(now.k);
    case BPF_ALU | BPF_AND | BPF_K:
      return "and " + Number(now.k);
    case BPF_JMP | BPF_JA:
      return "go to " + to(now.k);
    default:
      break;
  }
  if (BPF_CLASS(now.code) == BPF_JMP && BPF_SRC(now.code) == BPF_K) {
    return "if " + JumpName(now.code) + " " + Number(now.k) + " go to " + to(now.jt) + " else " +
           to(now.jf);
  }
  return "code " + Number(now.code) + " k " + Number(now.k) + " jt " + Number(now.jt) + " jf " +
         Number(now.jf);
}

}  // namespace

std::string Dump(const sock_filter* program, unsigned length) {
  std::string text;
  for (unsigned at = 0; at < length; ++at) {
    text += std::to_string(at) + ": " + Instruction(program[at], at) + "\n";
  }
  return text;
}

}  // namespace abishim::test

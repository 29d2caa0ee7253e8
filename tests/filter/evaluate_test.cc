// The evaluator against programs written by hand. fuzz_test.cc compares it with the kernel.
#include "shim/plan/evaluate.h"

#include <gtest/gtest.h>
#include <stddef.h>
#include <string.h>

#include <vector>

namespace abishim {
namespace {

using Code = std::vector<sock_filter>;

constexpr unsigned short kLoad = BPF_LD | BPF_W | BPF_ABS;
constexpr unsigned short kReturnA = BPF_RET | BPF_A;

seccomp_data Call() {
  seccomp_data data{};
  data.nr = 7;
  data.arch = 0xc000003e;
  data.instruction_pointer = 0x1122334455667788;
  for (int i = 0; i < 6; ++i) data.args[i] = 0x0100000002000000u * (i + 1) + i;
  return data;
}

unsigned Eval(const Code& code) {
  return Evaluate(code.data(), static_cast<unsigned>(code.size()), Call());
}

// What `op` makes of a and b, b once as a constant and once in X.
unsigned Alu(unsigned short op, unsigned a, unsigned b) {
  const unsigned constant = Eval({{BPF_LD | BPF_IMM, 0, 0, a},
                                  {static_cast<unsigned short>(BPF_ALU | op | BPF_K), 0, 0, b},
                                  {kReturnA, 0, 0, 0}});
  const unsigned indexed = Eval({{BPF_LD | BPF_IMM, 0, 0, a},
                                 {BPF_LDX | BPF_IMM, 0, 0, b},
                                 {static_cast<unsigned short>(BPF_ALU | op | BPF_X), 0, 0, 0},
                                 {kReturnA, 0, 0, 0}});
  EXPECT_EQ(constant, indexed);
  return constant;
}

TEST(Evaluate, EveryArithmeticOperation) {
  EXPECT_EQ(Alu(BPF_ADD, 0xffffffff, 3), 2u);
  EXPECT_EQ(Alu(BPF_SUB, 2, 3), 0xffffffffu);
  EXPECT_EQ(Alu(BPF_MUL, 0x10001, 0x10001), 0x20001u);
  EXPECT_EQ(Alu(BPF_DIV, 0xfffffffe, 3), 0x55555554u);
  EXPECT_EQ(Alu(BPF_AND, 0xf0f0, 0xff00), 0xf000u);
  EXPECT_EQ(Alu(BPF_OR, 0xf0f0, 0x0f00), 0xfff0u);
  EXPECT_EQ(Alu(BPF_XOR, 0xf0f0, 0xff00), 0x0ff0u);
  EXPECT_EQ(Alu(BPF_LSH, 0x80000001, 31), 0x80000000u);
  EXPECT_EQ(Alu(BPF_LSH, 5, 0), 5u);
  EXPECT_EQ(Alu(BPF_RSH, 0x80000000, 31), 1u);
  EXPECT_EQ(Eval({{BPF_LD | BPF_IMM, 0, 0, 5}, {BPF_ALU | BPF_NEG, 0, 0, 0}, {kReturnA, 0, 0, 0}}),
            0xfffffffbu);
}

TEST(Evaluate, ShiftByXCountsModulo32) {
  EXPECT_EQ(Alu(BPF_LSH, 3, 33), 6u);
  EXPECT_EQ(Alu(BPF_RSH, 6, 0xffffffe1), 3u);
}

TEST(Evaluate, DivisionByZeroEndsWithKill) {
  EXPECT_EQ(Eval({{BPF_LD | BPF_IMM, 0, 0, 5},
                  {BPF_LDX | BPF_IMM, 0, 0, 0},
                  {BPF_ALU | BPF_DIV | BPF_X, 0, 0, 0},
                  {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}}),
            0u);
}

TEST(Evaluate, LoadsEveryWordOfTheCall) {
  const seccomp_data data = Call();
  for (unsigned k = 0; k < sizeof data; k += 4) {
    unsigned word;
    memcpy(&word, reinterpret_cast<const char*>(&data) + k, 4);
    EXPECT_EQ(Eval({{kLoad, 0, 0, k}, {kReturnA, 0, 0, 0}}), word) << k;
  }
}

TEST(Evaluate, LengthScratchMemoryAndTransfers) {
  EXPECT_EQ(Eval({{BPF_LD | BPF_W | BPF_LEN, 0, 0, 0}, {kReturnA, 0, 0, 0}}), 64u);
  EXPECT_EQ(Eval({{BPF_LDX | BPF_W | BPF_LEN, 0, 0, 0},
                  {BPF_MISC | BPF_TXA, 0, 0, 0},
                  {kReturnA, 0, 0, 0}}),
            64u);
  // A and X start at 0; what goes into a slot by one comes out by the other.
  EXPECT_EQ(Eval({{BPF_MISC | BPF_TXA, 0, 0, 0}, {kReturnA, 0, 0, 0}}), 0u);
  for (unsigned slot = 0; slot < BPF_MEMWORDS; ++slot) {
    EXPECT_EQ(Eval({{BPF_LD | BPF_IMM, 0, 0, 42 + slot},
                    {BPF_ST, 0, 0, slot},
                    {BPF_LD | BPF_IMM, 0, 0, 1},
                    {BPF_LDX | BPF_MEM, 0, 0, slot},
                    {BPF_ALU | BPF_ADD | BPF_X, 0, 0, 0},
                    {kReturnA, 0, 0, 0}}),
              43 + slot);
    EXPECT_EQ(Eval({{BPF_LDX | BPF_IMM, 0, 0, 42 + slot},
                    {BPF_STX, 0, 0, slot},
                    {BPF_LD | BPF_MEM, 0, 0, slot},
                    {BPF_MISC | BPF_TAX, 0, 0, 0},
                    {BPF_ALU | BPF_ADD | BPF_X, 0, 0, 0},
                    {kReturnA, 0, 0, 0}}),
              2 * (42 + slot));
  }
}

// 1 when the comparison held, 2 when not; by constant and by X.
unsigned Compare(unsigned short op, unsigned a, unsigned b) {
  const auto jump = static_cast<unsigned short>(BPF_JMP | op);
  const sock_filter yes{BPF_RET | BPF_K, 0, 0, 1}, no{BPF_RET | BPF_K, 0, 0, 2};
  const sock_filter wrong{BPF_RET | BPF_K, 0, 0, 3};
  const unsigned constant = Eval({{BPF_LD | BPF_IMM, 0, 0, a}, {jump, 1, 2, b}, wrong, yes, no});
  const unsigned indexed = Eval({{BPF_LD | BPF_IMM, 0, 0, a},
                                 {BPF_LDX | BPF_IMM, 0, 0, b},
                                 {static_cast<unsigned short>(jump | BPF_X), 1, 2, ~b},
                                 wrong,
                                 yes,
                                 no});
  EXPECT_EQ(constant, indexed);
  return constant;
}

TEST(Evaluate, EveryComparisonIsUnsigned) {
  EXPECT_EQ(Compare(BPF_JEQ, 5, 5), 1u);
  EXPECT_EQ(Compare(BPF_JEQ, 5, 6), 2u);
  EXPECT_EQ(Compare(BPF_JGT, 5, 5), 2u);
  EXPECT_EQ(Compare(BPF_JGT, 0xffffffff, 5), 1u);
  EXPECT_EQ(Compare(BPF_JGE, 5, 5), 1u);
  EXPECT_EQ(Compare(BPF_JGE, 5, 0x80000000), 2u);
  EXPECT_EQ(Compare(BPF_JSET, 6, 2), 1u);
  EXPECT_EQ(Compare(BPF_JSET, 6, 9), 2u);
}

TEST(Evaluate, LongJump) {
  Code code(600, {BPF_RET | BPF_K, 0, 0, 1});
  code[0] = {BPF_JMP | BPF_JA, 0, 0, 598};
  code[599].k = 2;
  EXPECT_EQ(Eval(code), 2u);
}

TEST(Evaluate, WhatNoKernelAdmitsEndsWithKill) {
  const sock_filter end{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
  EXPECT_EQ(Eval({}), 0u);
  EXPECT_EQ(Eval({{BPF_LD | BPF_IMM, 0, 0, 1}}), 0u) << "falls off the end";
  EXPECT_EQ(Eval({{BPF_JMP | BPF_JA, 0, 0, 0xffffffff}, end}), 0u);
  EXPECT_EQ(Eval({{BPF_JMP | BPF_JEQ, 9, 9, 0}, end}), 0u);
  EXPECT_EQ(Eval({{kLoad, 0, 0, 64}, end}), 0u);
  EXPECT_EQ(Eval({{kLoad, 0, 0, 2}, end}), 0u);
  EXPECT_EQ(Eval({{BPF_ST, 0, 0, BPF_MEMWORDS}, end}), 0u);
  EXPECT_EQ(Eval({{BPF_LD | BPF_MEM, 0, 0, BPF_MEMWORDS}, end}), 0u);
  EXPECT_EQ(Eval({{BPF_ALU | BPF_MOD, 0, 0, 3}, end}), 0u);
  EXPECT_EQ(Eval({{BPF_LD | BPF_W | BPF_IND, 0, 0, 0}, end}), 0u);
}

}  // namespace
}  // namespace abishim

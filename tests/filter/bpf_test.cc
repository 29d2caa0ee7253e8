// The builder by itself.
#include "shim/plan/bpf.h"

#include <gtest/gtest.h>

#include "shim/plan/evaluate.h"
#include "tests/filter/dump.h"

namespace abishim::bpf {
namespace {

unsigned Eval(const Program& p, const seccomp_data& data) {
  return Evaluate(p.begin(), p.length(), data);
}

TEST(Bpf, ReadsAsItIsSaid) {
  Program p;
  const Label allow = p.Return(Allow());
  const Label trap = p.Return(Trap(0xab10));
  const Label body =
      p.When(InBlock(kCaller, 0x70001000, 4096), allow, p.When(IsNull(Argument(3)), allow, trap));
  p.Load(Half::kNumber, p.IfEqual(271, body, allow));
  EXPECT_EQ(test::Dump(p.begin(), p.length()),
            "0: load nr\n"
            "1: if == 271 go to 2 else 12\n"
            "2: load ip.upper\n"
            "3: if == 0 go to 4 else 7\n"
            "4: load ip.lower\n"
            "5: and 0xfffff000\n"
            "6: if == 0x70001000 go to 12 else 7\n"
            "7: load arg3.upper\n"
            "8: if == 0 go to 9 else 11\n"
            "9: load arg3.lower\n"
            "10: if == 0 go to 12 else 11\n"
            "11: trap 0xab10\n"
            "12: allow\n");
}

TEST(Bpf, LooksAtAll64Bits) {
  constexpr Word kValues[] = {
      0, 1, 0x80000000, 0xffffffff, 0x100000000, 0x8000000000000000, ~0ul, 0x123456789abcdef0};
  for (const Word value : kValues) {
    Program p;
    p.When(Is(Argument(5), value), p.Return(Errno(1)), p.Return(Errno(2)));
    for (const Word argument : kValues) {
      for (const Word near : {argument, argument ^ 1, argument ^ 1ul << 32, argument ^ 1ul << 63}) {
        seccomp_data data{};
        data.args[5] = near;
        EXPECT_EQ(Eval(p, data), Errno(near == value ? 1 : 2).value) << std::hex << near << value;
      }
    }
  }
}

TEST(Bpf, BlocksOfEverySize) {
  for (int shift = 0; shift < 64; ++shift) {
    const Word bytes = 1ul << shift;
    const Word start = shift >= 47 ? 0 : 0x500000000000 & ~(bytes - 1);
    Program p;
    p.When(InBlock(kCaller, start, bytes), p.Return(Errno(1)), p.Return(Errno(2)));
    for (const Word at : {start, start + bytes / 2, start + bytes - 1, start + bytes, start - 1}) {
      seccomp_data data{};
      data.instruction_pointer = at;
      const bool in = at - start < bytes;
      EXPECT_EQ(Eval(p, data), Errno(in ? 1 : 2).value) << shift << " " << std::hex << at;
    }
  }
}

// Both targets of a comparison at every distance around the limit of a conditional jump.
TEST(Bpf, JumpsOfEveryLength) {
  for (int between = 250; between < 262; ++between) {
    for (int after = 0; after < 8; ++after) {
      Program p;
      const Label one = p.Return(Errno(1));
      for (int i = 0; i < after; ++i) p.Return(Errno(3));
      const Label two = p.Return(Errno(2));
      for (int i = 0; i < between; ++i) p.Return(Errno(3));
      p.Load(Half::kNumber, p.IfAtLeast(10, one, two));
      seccomp_data data{};
      data.nr = 10;
      ASSERT_EQ(Eval(p, data), Errno(1).value) << between << " " << after;
      data.nr = 9;
      ASSERT_EQ(Eval(p, data), Errno(2).value) << between << " " << after;
    }
  }
}

TEST(Bpf, LoadOfADistantBody) {
  Program p;
  const Label body = p.IfEqual(5, p.Return(Errno(1)), p.Return(Errno(2)));
  for (int i = 0; i < 300; ++i) p.Return(Errno(3));
  p.Load(Half::kNumber, body);
  seccomp_data data{};
  data.nr = 5;
  EXPECT_EQ(Eval(p, data), Errno(1).value);
  data.nr = 6;
  EXPECT_EQ(Eval(p, data), Errno(2).value);
}

TEST(Bpf, SaysWhenItDoesNotFit) {
  Program p;
  for (int i = 0; i < 1024; ++i) p.Return(Allow());
  EXPECT_TRUE(p.fits());
  p.Return(Allow());
  EXPECT_FALSE(p.fits());
}

}  // namespace
}  // namespace abishim::bpf

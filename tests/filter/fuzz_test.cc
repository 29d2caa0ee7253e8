// Random programs: the evaluator against the kernel, and the builder against its own words.
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <set>

#include "shim/plan/bpf.h"
#include "shim/plan/evaluate.h"
#include "tests/filter/child.h"
#include "tests/filter/dump.h"
#include "tests/support/oracle.h"

namespace abishim::test {
namespace {

using Code = std::vector<sock_filter>;
constexpr int kCallsEach = 8;

unsigned Random32() {
  constexpr unsigned kEdges[] = {0, 1, 2, 31, 32, 33, 0x7fffffff, 0x80000000, 0xffffffff};
  return RandomInt(0, 2) == 0 ? RandomOf(kEdges) : static_cast<unsigned>(Random()());
}
template <class T>
unsigned short Short(T value) {
  return static_cast<unsigned short>(value);
}

// What the kernel answered to `count` calls of getpid with random arguments.
struct Heard {
  int made;
  long result[kCallsEach];
};

struct Calls {
  seccomp_data data[kCallsEach];
};

Calls RandomCalls(Word pointer) {
  Calls calls{};
  for (seccomp_data& data : calls.data) {
    data = {
        .nr = SYS_getpid, .arch = AUDIT_ARCH_X86_64, .instruction_pointer = pointer, .args = {}};
    for (auto& argument : data.args) argument = static_cast<Word>(Random32()) << 32 | Random32();
  }
  return calls;
}

Heard* SharedPage() {
  void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return static_cast<Heard*>(page);
}

// How the real thing answers. Gives what the child said: "", or by what it was killed.
std::string AskKernel(const Code& code, const Calls& calls, Heard* seen) {
  seen->made = 0;
  return InChild([&] {
    const pid_t self = getpid();
    InstallProgram(code.data(), static_cast<unsigned>(code.size()));
    for (const seccomp_data& data : calls.data) {
      const auto& a = data.args;
      const long result = Raw(SYS_getpid, a[0], a[1], a[2], a[3], a[4], a[5]);
      seen->result[seen->made] = result == self ? 1 << 20 : result;
      seen->made = seen->made + 1;
    }
    return "";
  });
}

// The program itself, but only for getpid: the child must be able to report and to exit.
Code ForGetpid(const Code& body) {
  Code code = {{BPF_LD | BPF_W | BPF_ABS, 0, 0, 0},
               {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, SYS_getpid},
               {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
  code.insert(code.end(), body.begin(), body.end());
  return code;
}

struct Tally {
  int programs = 0, calls = 0, killed = 0, allowed = 0, errnos = 0;
};

void Compare(const Code& code, Word pointer, Tally* tally) {
  static Heard* seen = SharedPage();
  const Calls calls = RandomCalls(pointer);
  const std::string ended = AskKernel(code, calls, seen);
  ++tally->programs;
  for (int i = 0; i < kCallsEach; ++i) {
    const unsigned said = Evaluate(code.data(), static_cast<unsigned>(code.size()), calls.data[i]);
    const std::string dump = Dump(code.data(), static_cast<unsigned>(code.size()));
    ++tally->calls;
    const unsigned action = said & SECCOMP_RET_ACTION_FULL;
    if (action == SECCOMP_RET_KILL_THREAD) {
      ++tally->killed;
      ASSERT_EQ(seen->made, i) << "not killed\n" << dump;
      ASSERT_EQ(ended, "killed by signal 31") << dump;
      return;
    }
    ASSERT_GT(seen->made, i) << ended << "\n" << dump;
    if (action == SECCOMP_RET_ALLOW) {
      ++tally->allowed;
      ASSERT_EQ(seen->result[i], 1 << 20) << dump;
    } else {
      ++tally->errnos;
      ASSERT_EQ(action, SECCOMP_RET_ERRNO) << dump;
      ASSERT_EQ(seen->result[i], -static_cast<long>(said & 0xfff)) << dump;
    }
  }
  ASSERT_EQ(ended, "");
}

// Any instruction that seccomp admits, but for returns. All of the scratch memory was written.
sock_filter RandomInstruction(unsigned left) {
  const unsigned k = Random32();
  const auto slot = static_cast<unsigned>(RandomInt(0, BPF_MEMWORDS - 1));
  const auto jump = static_cast<unsigned char>(RandomInt(0, static_cast<int>(left < 8 ? left : 8)));
  const auto other =
      static_cast<unsigned char>(RandomInt(0, static_cast<int>(left < 8 ? left : 8)));
  constexpr int kAlu[] = {BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_AND,
                          BPF_OR,  BPF_XOR, BPF_LSH, BPF_RSH};
  constexpr int kJump[] = {BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET};
  switch (RandomInt(0, 15)) {
    case 0:
      return {BPF_LD | BPF_IMM, 0, 0, k};
    case 1:
      return {BPF_LDX | BPF_IMM, 0, 0, k};
    case 2:
      return {BPF_LD | BPF_MEM, 0, 0, slot};
    case 3:
      return {BPF_LDX | BPF_MEM, 0, 0, slot};
    case 4:
      return {BPF_ST, 0, 0, slot};
    case 5:
      return {BPF_STX, 0, 0, slot};
    case 6:
      return {BPF_MISC | BPF_TAX, 0, 0, 0};
    case 7:
      return {BPF_MISC | BPF_TXA, 0, 0, 0};
    case 8:
      return {BPF_ALU | BPF_NEG, 0, 0, 0};
    case 9:
      return {Short((RandomInt(0, 1) != 0 ? BPF_LD : BPF_LDX) | BPF_W | BPF_LEN), 0, 0, 0};
    case 10:
      return {Short(BPF_ALU | BPF_X | RandomOf(kAlu)), 0, 0, 0};
    case 11: {
      const int op = RandomOf(kAlu);
      const bool shift = op == BPF_LSH || op == BPF_RSH;
      return {Short(BPF_ALU | BPF_K | op), 0, 0, shift ? k % 32 : k | 1};
    }
    case 12:
      return {Short(BPF_JMP | BPF_X | RandomOf(kJump)), jump, other, 0};
    case 13:
      return {Short(BPF_JMP | BPF_K | RandomOf(kJump)), jump, other, k};
    case 14:
      return {BPF_JMP | BPF_JA, 0, 0, jump};
    default:
      return {BPF_LD | BPF_W | BPF_ABS, 0, 0, 4 * static_cast<unsigned>(RandomInt(0, 15))};
  }
}

// Ends by making an errno of A: twelve bits in which all 32 have their share.
Code RandomBody() {
  Code code;
  for (unsigned slot = 0; slot < BPF_MEMWORDS; ++slot) {
    code.push_back({BPF_LD | BPF_W | BPF_ABS, 0, 0, 4 * slot});
    code.push_back({BPF_ST, 0, 0, slot});
  }
  const int length = RandomInt(1, 60);
  for (int left = length; left-- > 0;) {
    code.push_back(RandomInstruction(static_cast<unsigned>(left)));
    if (RandomInt(0, 40) == 0) code.back() = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
  }
  const Code end = {{BPF_MISC | BPF_TAX, 0, 0, 0},
                    {BPF_ALU | BPF_RSH | BPF_K, 0, 0, 16},
                    {BPF_ALU | BPF_XOR | BPF_X, 0, 0, 0},
                    {BPF_ALU | BPF_MUL | BPF_K, 0, 0, 0x9e3779b1},
                    {BPF_ALU | BPF_RSH | BPF_K, 0, 0, 21},  // 0 to 2047
                    {BPF_ALU | BPF_OR | BPF_K, 0, 0, SECCOMP_RET_ERRNO | 0x800},
                    {BPF_RET | BPF_A, 0, 0, 0}};
  code.insert(code.end(), end.begin(), end.end());
  return code;
}

TEST(Fuzz, EvaluatorAgainstTheKernel) {
  const Word pointer = RawPointer();
  Tally tally;
  for (int i = 0; i < 500 && !HasFatalFailure(); ++i) {
    Compare(ForGetpid(RandomBody()), pointer, &tally);
  }
  printf("%d programs, %d calls: %d killed, %d allowed, %d errnos\n", tally.programs, tally.calls,
         tally.killed, tally.allowed, tally.errnos);
  EXPECT_GT(tally.errnos, 100);
  EXPECT_GT(tally.killed, 10) << "no division by zero";
}

// A decision as one would write it down, and the same by the builder.
struct Decision {
  bpf::Condition condition;
  int yes, no;  // other decisions; below 0: -errno
};

class RandomPolicy {
 public:
  explicit RandomPolicy(Word pointer) {
    const int count = RandomInt(1, 90);
    for (int i = 0; i < count; ++i) {
      decisions_.push_back({RandomCondition(pointer), RandomTarget(), RandomTarget()});
    }
  }

  void Build(bpf::Program* p) const {
    bpf::Program& program = *p;
    std::vector<bpf::Label> labels, ends;
    for (unsigned error = 1; error <= 9; ++error) ends.push_back(program.Return(bpf::Errno(error)));
    const auto at = [&](int target) { return target < 0 ? ends[-target - 1] : labels[target]; };
    for (const Decision& d : decisions_) {
      labels.push_back(program.When(d.condition, at(d.yes), at(d.no)));
    }
    const bpf::Label allow = program.Return(bpf::Allow());
    program.Load(bpf::Half::kNumber, program.IfEqual(SYS_getpid, labels.back(), allow));
  }

  long Decide(const seccomp_data& data) const {
    int at = static_cast<int>(decisions_.size()) - 1;
    while (at >= 0) {
      const Decision& d = decisions_[at];
      const Word field = d.condition.field.offset == bpf::kCaller.offset
                             ? data.instruction_pointer
                             : data.args[(d.condition.field.offset - 16) / 8];
      at = (field & d.condition.mask) == d.condition.value ? d.yes : d.no;
    }
    return at;
  }

 private:
  static bpf::Condition RandomCondition(Word pointer) {
    const bpf::Field field = RandomInt(0, 6) == 0 ? bpf::kCaller : bpf::Argument(RandomInt(0, 5));
    const Word value = static_cast<Word>(Random32()) << 32 | Random32();
    if (RandomInt(0, 3) == 0) return bpf::Is(field, RandomInt(0, 1) != 0 ? 0 : value);
    if (RandomInt(0, 3) == 0) return {bpf::kCaller, ~4095ul, pointer & ~4095ul};
    const Word mask = RandomInt(0, 1) != 0 ? 1ul << RandomInt(0, 63) : 0x8000000100000000u;
    return {field, mask, value & mask};
  }
  int RandomTarget() const {
    const int below = static_cast<int>(decisions_.size());
    return below == 0 || RandomInt(0, 3) == 0 ? -RandomInt(1, 9) : RandomInt(0, below - 1);
  }

  std::vector<Decision> decisions_;
};

TEST(Fuzz, BuilderAgainstPlainDecisions) {
  const Word pointer = RawPointer();
  std::set<long> decided;
  for (int i = 0; i < 3000; ++i) {
    const RandomPolicy policy(pointer);
    bpf::Program program;
    policy.Build(&program);
    ASSERT_TRUE(program.fits());
    for (const seccomp_data& data : RandomCalls(pointer).data) {
      const long decision = policy.Decide(data);
      decided.insert(decision);
      ASSERT_EQ(Evaluate(program.begin(), program.length(), data),
                SECCOMP_RET_ERRNO | static_cast<unsigned>(-decision))
          << Dump(program.begin(), program.length());
    }
  }
  EXPECT_EQ(decided.size(), 9u);
}

TEST(Fuzz, BuilderProgramsInTheKernel) {
  const Word pointer = RawPointer();
  Tally tally;
  for (int i = 0; i < 300 && !HasFatalFailure(); ++i) {
    bpf::Program program;
    RandomPolicy(pointer).Build(&program);
    Compare(Code(program.begin(), program.end()), pointer, &tally);
  }
  printf("%d programs, %d calls: %d errnos\n", tally.programs, tally.calls, tally.errnos);
  EXPECT_EQ(tally.errnos, 300 * kCallsEach);
}

}  // namespace
}  // namespace abishim::test

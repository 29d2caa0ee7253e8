// Seccomp filters cannot be taken away again: whatever installs one does so in a child.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "shim/plan/bpf.h"
#include "shim/plan/verdict.h"

namespace abishim::test {

// A RawCall by libc's syscall(2).
long Raw(long nr, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0);
// What seccomp sees as the instruction pointer of such a call.
Word RawPointer();

// Runs `what` in a child and gives back what it says: "" when all is well. A child that is killed
// says by what.
std::string InChild(const std::function<std::string()>& what);

// Within a child: collects what is not as it should be.
class Findings {
 public:
  template <class A, class B>
  void Equal(const char* what, const A& expected, const B& got) {
    if (static_cast<long>(expected) == static_cast<long>(got)) return;
    text_ += std::string(what) + ": " + std::to_string(static_cast<long>(expected)) +
             " expected, got " + std::to_string(static_cast<long>(got)) + "\n";
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// A container's filter: allows all but these.
struct Denial {
  long nr;
  bpf::Action action;
};
void InstallOuter(const std::vector<Denial>& denials);
void InstallProgram(const sock_filter* begin, unsigned length);

void BecomeNobody();

// The last trap that a RawOrTrapped() ended in.
struct Seen {
  int nr = 0;
  int data = 0;  // SECCOMP_RET_DATA
  Word pointer = 0;
};
extern Seen g_trap;
// Raw, or kTrapped when the call is trapped. The handler jumps away: its rt_sigreturn is trapped
// itself. After WatchTraps().
inline constexpr long kTrapped = -1000;
long RawOrTrapped(long nr, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0);
void WatchTraps();

}  // namespace abishim::test

// x86-64: the registers and the mask of an interrupted thread, as the kernel lays them out in a
// signal frame (asm/sigcontext.h, asm/ucontext.h, since 2.4.20). Includes nothing of ours.
#pragma once

namespace abishim::arch {

struct AltStack {  // stack_t
  unsigned long sp;
  int flags;
  int pad;
  unsigned long size;
};

inline constexpr int kOnStack = 1, kStackDisabled = 2;               // SS_ONSTACK, SS_DISABLE
inline constexpr int kStackDisarms = static_cast<int>(0x80000000u);  // SS_AUTODISARM, 4.7

struct Ucontext {
  unsigned long flags;
  Ucontext* link;
  AltStack stack;
  unsigned long r8, r9, r10, r11, r12, r13, r14, r15;
  unsigned long rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, eflags;
  unsigned short cs, gs, fs, ss;
  unsigned long err, trapno, oldmask, cr2;
  void* fpstate;
  unsigned long reserved[8];
  unsigned long mask;
};
static_assert(__builtin_offsetof(Ucontext, stack) == 16);
static_assert(__builtin_offsetof(Ucontext, r8) == 40);
static_assert(__builtin_offsetof(Ucontext, rip) == 40 + 16 * 8);
static_assert(__builtin_offsetof(Ucontext, mask) == 296);
static_assert(sizeof(Ucontext) == 304);  // site_entry.S
static_assert(__builtin_offsetof(Ucontext, rbx) == 128 && __builtin_offsetof(Ucontext, rax) == 144);

// A word of the frame that the kernel writes anew in each, a copy of the mask, and never reads
// back. As SIGSYS is never blocked in truth, that bit marks a frame whose mask shows the program's
// view.
inline constexpr unsigned long kMark = 1ul << 30;
inline constexpr unsigned long kMarkOffset = __builtin_offsetof(Ucontext, oldmask);
inline void SetMark(Ucontext* u) { u->oldmask |= kMark; }

// siginfo_t: the head, and the two shapes that we look at.
struct Siginfo {
  int signo, error, code, pad;
  union {
    struct {
      unsigned long address;
      int nr;
      unsigned arch;
    } syscall;  // SIGSYS by seccomp
    unsigned long words[14];
  };
};
static_assert(sizeof(Siginfo) == 128);
static_assert(__builtin_offsetof(Siginfo, syscall.nr) == 24);

struct Sigaction {  // what rt_sigaction(2) takes
  unsigned long handler, flags, restorer, mask;
};
static_assert(sizeof(Sigaction) == 32);

inline constexpr int kSyscallBytes = 2;  // 0f 05
// Of gate.S, up to and with its syscall instruction: the restorer, and what looks like it.
inline constexpr int kRestorerBytes = 9;

inline void Arguments(const Ucontext& u, unsigned long (&to)[6]) {
  to[0] = u.rdi, to[1] = u.rsi, to[2] = u.rdx, to[3] = u.r10, to[4] = u.r8, to[5] = u.r9;
}
inline void SetArguments(Ucontext* u, const unsigned long (&to)[6]) {
  u->rdi = to[0], u->rsi = to[1], u->rdx = to[2], u->r10 = to[3], u->r8 = to[4], u->r9 = to[5];
}
inline void SetArgument(Ucontext* u, int i, unsigned long value) {
  unsigned long* all[6] = {&u->rdi, &u->rsi, &u->rdx, &u->r10, &u->r8, &u->r9};
  *all[i] = value;
}
inline long CallNumber(const Ucontext& u) { return static_cast<long>(u.rax); }
inline void SetResult(Ucontext* u, long value) { u->rax = static_cast<unsigned long>(value); }
inline unsigned long StackPointer(const Ucontext& u) { return u.rsp; }
inline unsigned long FramePointer(const Ucontext& u) { return u.rbp; }
inline unsigned long ProgramCounter(const Ucontext& u) { return u.rip; }
inline void SetProgramCounter(Ucontext* u, unsigned long pc) { u->rip = pc; }

// The thread goes back to its own `syscall` instruction, which then makes call `nr`.
inline void AtSyscallAgain(Ucontext* u, long nr) {
  u->rip -= kSyscallBytes;
  u->rax = static_cast<unsigned long>(nr);
}
// What the entry of a patched site does at the end of its call (site_entry.S).
inline constexpr long kAnswered = 1;  // else the site's instruction makes the call in the frame
inline constexpr long kLeaves = 2;    // rt_sigprocmask(how, the frame's mask)
inline constexpr long kCalls = 4;     // the call of the frame's number, with four words of Args
inline constexpr int kHowShift = 8;
constexpr long Leaves(int how) { return kLeaves | static_cast<long>(how) << kHowShift; }

// A frame that a patched site made: may handlers run while its call is served?
inline bool IsOpen(const Ucontext& u) { return u.link == nullptr; }
inline void SetOpen(Ucontext* u, bool open) { u->link = open ? nullptr : u; }

// At an rt_sigreturn the frame that it takes back starts with its ucontext at the stack pointer.
inline unsigned long FrameOfSigreturn(const Ucontext& u) { return u.rsp; }

// Running under valgrind? Its client request, by which it recognises that a program asks.
inline bool UnderValgrind() {
  unsigned long request[6] = {0x1001, 0, 0, 0, 0, 0};
  unsigned long answer = 0;
  asm volatile(
      "rolq $3, %%rdi; rolq $13, %%rdi; rolq $61, %%rdi; rolq $51, %%rdi; xchgq %%rbx, %%rbx"
      : "+d"(answer)
      : "a"(request)
      : "cc", "memory", "rdi");
  return answer != 0;
}

// Where the running function stands on its stack.
[[gnu::always_inline]] inline unsigned long Here() {
  return reinterpret_cast<unsigned long>(__builtin_frame_address(0));
}

// Where the kernel puts programs that run at any address: two thirds of the address space, and how
// many bits of page number it draws on top.
inline constexpr unsigned long kProgramBase = 0x555555554000;
inline constexpr int kProgramRandomBits = 28;

inline unsigned long CycleCounter() { return __builtin_ia32_rdtsc(); }

}  // namespace abishim::arch

extern "C" {
// gate.S
[[gnu::visibility("hidden")]] extern const char abishim_gate_page[];
[[gnu::visibility("hidden")]] long abishim_gate(long nr, long a, long b, long c, long d, long e,
                                                long f);
[[gnu::visibility("hidden")]] extern const char abishim_gate_caller[];  // as filters see it
[[gnu::visibility("hidden")]] void abishim_restorer();
[[gnu::visibility("hidden")]] extern const char abishim_call[], abishim_leave[], abishim_left[];
// copy_guest.S
[[gnu::visibility("hidden")]] unsigned long abishim_copy(void* to, const void* from,
                                                         unsigned long bytes);
[[gnu::visibility("hidden")]] extern const char abishim_copy_access[], abishim_copy_resume[];
[[gnu::visibility("hidden")]] extern const char abishim_copy_word[], abishim_copy_word_end[];
// start.S
[[gnu::visibility("hidden"), noreturn]] void abishim_enter(void* stack, void* entry);
// signal_entry.S
[[gnu::visibility("hidden")]] void abishim_signal_entry();
[[gnu::visibility("hidden")]] extern const char abishim_signal_return[];  // behind its call
// site_entry.S
[[gnu::visibility("hidden")]] void abishim_site_entry();
[[gnu::visibility("hidden")]] extern const char abishim_site_end[];
}

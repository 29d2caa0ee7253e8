// x86-64: a program that is held by ptrace where it begins. Includes nothing of ours.
#pragma once

namespace abishim::arch {

struct TraceeRegisters {  // user_regs_struct, asm/user_64.h
  unsigned long r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi, orig_rax,
      rip, cs, eflags, rsp, ss, fs_base, gs_base, ds, es, fs, gs;
};
static_assert(sizeof(TraceeRegisters) == 27 * 8);
static_assert(__builtin_offsetof(TraceeRegisters, rip) == 16 * 8);

inline constexpr long kGetRegisters = 12, kSetRegisters = 13;  // PTRACE_GETREGS, PTRACE_SETREGS

// A program of this architecture (not i386)?
inline bool IsNative(const TraceeRegisters& r) { return r.cs == 0x33; }

// What is planted in the new program for the moment: open the library, map it, stop.
//     mov $257, %eax; syscall                              openat(rdi, rsi, rdx)
//     xchg %eax, %r8d; mov %rbx, %rdi; mov %rbp, %rsi; mov %r12d, %edx
//     push $9; pop %rax; syscall; int3                     mmap(rdi, rsi, rdx, r10, r8, r9)
// It sets rax by itself: at the exec stop the task is still in execve, whose way out sets rax to 0.
inline constexpr unsigned long kStub[] = {0x41050f00000101b8, 0x44ee8948df894890,
                                          0xcc050f58096ae289};
inline constexpr unsigned long kStubMaps = 18, kStubEnd = sizeof(kStub);

inline unsigned long ProgramCounter(const TraceeRegisters& r) { return r.rip; }
inline unsigned long StackPointer(const TraceeRegisters& r) { return r.rsp; }
inline void SetProgramCounter(TraceeRegisters* r, unsigned long pc) { r->rip = pc; }
inline int Number(const TraceeRegisters& r) { return static_cast<int>(r.orig_rax); }
inline unsigned long& Argument(TraceeRegisters* r, int i) {
  unsigned long TraceeRegisters::*const arguments[] = {&TraceeRegisters::rdi, &TraceeRegisters::rsi,
                                                       &TraceeRegisters::rdx, &TraceeRegisters::r10,
                                                       &TraceeRegisters::r8,  &TraceeRegisters::r9};
  return r->*arguments[i];
}
inline unsigned long Result(const TraceeRegisters& r) { return r.rax; }
inline void SetResult(TraceeRegisters* r, long value) {
  r->rax = static_cast<unsigned long>(value);
}
inline unsigned long Descriptor(const TraceeRegisters& r) { return r.r8; }

// The registers with which the task runs the stub at `stub` on a stack of its own: mmap(a...), of
// the file `path` unless that is 0, opened with `flags`.
inline TraceeRegisters ForStub(TraceeRegisters r, unsigned long stub, unsigned long stack,
                               unsigned long path, unsigned long flags,
                               const unsigned long (&a)[6]) {
  r.rip = path != 0 ? stub : stub + kStubMaps;
  r.rsp = stack;
  r.rdi = r.rbx = a[0], r.rsi = r.rbp = a[1], r.rdx = r.r12 = a[2];
  r.r10 = a[3], r.r8 = a[4], r.r9 = a[5];
  if (path != 0) r.rdi = -100ul, r.rsi = path, r.rdx = flags;  // AT_FDCWD
  r.orig_rax = ~0ul;                                           // no call is to be restarted
  return r;
}
// The registers with which it goes on at `pc`, with three arguments.
inline TraceeRegisters ForCall(TraceeRegisters r, unsigned long pc, unsigned long stack,
                               const unsigned long (&a)[3]) {
  r.rip = pc, r.rsp = stack, r.rdi = a[0], r.rsi = a[1], r.rdx = a[2], r.rax = 0;
  r.orig_rax = ~0ul;
  return r;
}
// A call that a filter has handed over is not made.
inline void SkipCall(TraceeRegisters* r) { r->orig_rax = ~0ul; }
// A thread that has just returned from a function is where it called it, `call *%rax`.
inline void CallAgain(TraceeRegisters* r, unsigned long function) {
  r->rsp -= sizeof(unsigned long);
  r->rip = r->rax = function;
}

}  // namespace abishim::arch

extern "C" {
// gate_exec.S
[[gnu::visibility("hidden")]] long abishim_spawn(long flags, void* stack_top,
                                                 void (*function)(void*), void* argument, int* id);
[[gnu::visibility("hidden"), noreturn]] void abishim_vanish(void* area, unsigned long bytes);
[[gnu::visibility("hidden")]] void abishim_agent();
[[gnu::visibility("hidden")]] extern unsigned long abishim_program_stack, abishim_program_entry;
}

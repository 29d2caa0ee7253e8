// What is told of a crash: to the program's own reporter, which then lets it die; and to a
// debugger, which stops at it. Signal, code, address, registers, and how the child ends.
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/user.h>
#include <ucontext.h>

#include "planned.h"

extern char crash_place[] __attribute__((visibility("hidden")));
// Registers as a reporter shall find them.
__attribute__((noinline)) static void Crash(unsigned long at) {
  __asm__ volatile(
      "mov $0x1111, %%rdx\n\tmov $0x2222, %%r12\n"
      "crash_place: movb $1, (%0)"
      :
      : "b"(at)
      : "rdx", "r12", "memory");
}

static int report;  // a pipe
struct told {
  long sig, code, address, pc, rdx, r12, rbx;
};
static void Reporter(int sig, siginfo_t* info, void* context) {
  const greg_t* r = ((ucontext_t*)context)->uc_mcontext.gregs;
  MakePlannedCalls();
  const struct told told = {sig,        info->si_code, (long)info->si_addr, r[REG_RIP],
                            r[REG_RDX], r[REG_R12],    r[REG_RBX]};
  CHECK_EQ(write(report, &told, sizeof(told)), sizeof(told));
  signal(sig, SIG_DFL);  // the instruction is made again
}

static void CheckTold(const struct told* told, unsigned long at, int code) {
  CHECK_EQ(told->sig, SIGSEGV);
  CHECK_EQ(told->code, code);
  CHECK_EQ(told->address, code == SI_KERNEL ? 0 : at);
  CHECK_EQ(told->pc, crash_place);
  CHECK_EQ(told->rdx, 0x1111);
  CHECK_EQ(told->r12, 0x2222);
  CHECK_EQ(told->rbx, at);
}

static pid_t Child(unsigned long at, int reports, int wait_for) {
  const pid_t child = Fork();
  if (child != 0) return child;
  const struct rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  char byte;
  if (wait_for >= 0) CHECK_EQ(read(wait_for, &byte, 1), 1);
  MakePlannedCalls();
  if (reports) Handle(SIGSEGV, Reporter, SA_ONSTACK);
  Crash(at);
  _exit(9);
}

static void OwnReporter(unsigned long at, int code) {
  int ends[2];
  CHECK_EQ(pipe(ends), 0);
  report = ends[1];
  struct told told;
  const pid_t child = Child(at, 1, -1);
  CHECK_EQ(read(ends[0], &told, sizeof(told)), sizeof(told));
  CheckTold(&told, at, code);
  siginfo_t info;
  CHECK_EQ(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
  CHECK_EQ(info.si_code, CLD_KILLED);
  CHECK_EQ(info.si_status, SIGSEGV);
  CHECK_EQ(StatusOf(child), SIGSEGV);
  close(ends[0]), close(ends[1]);
}

// Stops at the crash; what is in the way there are our own signals.
static void Debugger(unsigned long at, int code) {
  int ends[2], status;
  CHECK_EQ(pipe(ends), 0);
  const pid_t child = Child(at, 0, ends[0]);
  CHECK_EQ(ptrace(PTRACE_SEIZE, child, 0, 0), 0);
  CHECK_EQ(write(ends[1], "x", 1), 1);
  for (;;) {
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFSTOPPED(status));
    const int sig = WSTOPSIG(status);
    if (sig == SIGSEGV) break;
    CHECK_EQ(sig, SIGSYS);
    CHECK_EQ(ptrace(PTRACE_CONT, child, 0, sig), 0);
  }
  siginfo_t info;
  struct user_regs_struct r;
  CHECK_EQ(ptrace(PTRACE_GETSIGINFO, child, 0, &info), 0);
  CHECK_EQ(ptrace(PTRACE_GETREGS, child, 0, &r), 0);
  const struct told told = {info.si_signo, info.si_code, (long)info.si_addr, (long)r.rip,
                            (long)r.rdx,   (long)r.r12,  (long)r.rbx};
  CheckTold(&told, at, code);
  CHECK_EQ(ptrace(PTRACE_DETACH, child, 0, SIGSEGV), 0);
  CHECK_EQ(StatusOf(child), SIGSEGV);
  close(ends[0]), close(ends[1]);
}

// (abishim run --no-vsyscall: children can have no second tracer.)
static int IsTraced(void) {
  char text[4096] = {0};
  const int fd = open("/proc/self/status", O_RDONLY);
  CHECK(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0);
  close(fd);
  const char* line = strstr(text, "TracerPid:");
  return line != 0 && atoi(line + 10) != 0;
}

int main(void) {
  Watchdog(20);
  char* read_only = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(read_only != MAP_FAILED);
  const struct {
    unsigned long at;
    int code;
  } faults[] = {{8, SEGV_MAPERR},
                {(unsigned long)read_only + 5, SEGV_ACCERR},
                {0xffff888000000007, SEGV_MAPERR},
                {1ul << 62, SI_KERNEL}};
  for (int i = 0; i < 4; ++i) {
    OwnReporter(faults[i].at, faults[i].code);
    if (!IsTraced()) Debugger(faults[i].at, faults[i].code);
  }
  return Done();
}

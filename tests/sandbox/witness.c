// witness COMMAND...: runs it (witnessed, under abishim) and looks at every system call that its
// children's threads make, by ptrace, from outside. Where a call is not the program's own, the
// filters that the program has installed are asked, by an evaluator of this file: one that they
// refuse is a failure. Threads are held now and then just before such a call.
//
// The program's own: what its one instruction calls by the number that it is about to call. By that
// instruction another number: a call re-executed on its behalf. By any other instruction:
// abishim's. Named exceptions:
// - rt_sigreturn from abishim's restorer, which is known by its nine bytes;
// - prctl by which abishim asks whether a filter is carried;
// - the number that the program is calling, which abishim makes for it so that its filters have
// their way;
// - a re-executed call that a filter refuses which has come since: it must be trapped to abishim,
// and is counted.
//
// Prints how many calls of each kind it saw.
#define _GNU_SOURCE
#include "witness.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { kHeld = 64, kQuestion = 0x61626974, kRefusedByTheirs = 0xab28 };
static struct Shared* shared;
static long own, again, gate, asked, ended, original, came_back, held_some, deaths, bad;

struct Look {
  pid_t tid;
  struct __ptrace_syscall_info at;
  double until;
};
static struct Look held[kHeld];
static int held_count, installs_seen;

struct Task {
  pid_t tid;
  int must_trap, in_install;
};
static struct Task tasks[64];
static int task_count;

static struct Task* TaskOf(pid_t tid) {
  for (int i = 0; i < task_count; ++i) {
    if (tasks[i].tid == tid) return &tasks[i];
  }
  tasks[task_count] = (struct Task){.tid = tid};
  return &tasks[task_count++];
}
static struct Thread* ThreadOf(pid_t tid) {
  for (int i = 0; i < kThreads; ++i) {
    if (shared->thread[i].tid == tid) return &shared->thread[i];
  }
  return NULL;
}

static unsigned Evaluate(const struct Filter* filter, const struct seccomp_data* data) {
  unsigned a = 0;
  for (int i = 0; i < filter->length; ++i) {
    const struct sock_filter f = filter->code[i];
    switch (f.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        memcpy(&a, (const char*)data + f.k, 4);
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        i += a == f.k ? f.jt : f.jf;
        break;
      case BPF_JMP | BPF_JGT | BPF_K:
        i += a > f.k ? f.jt : f.jf;
        break;
      case BPF_MISC | BPF_TAX:
        break;
      case BPF_RET | BPF_K:
        return f.k;
      default:
        abort();
    }
  }
  abort();
}

static int Refused(const struct __ptrace_syscall_info* at) {
  struct seccomp_data data = {(int)at->entry.nr, AUDIT_ARCH_X86_64, at->instruction_pointer, {0}};
  memcpy(data.args, at->entry.args, sizeof(data.args));
  for (int i = 0; i < kFilters; ++i) {
    if (!shared->filter[i].in_force) continue;
    const unsigned said = Evaluate(&shared->filter[i], &data) & SECCOMP_RET_ACTION_FULL;
    if (said != SECCOMP_RET_ALLOW && said != SECCOMP_RET_LOG) return 1;
  }
  return 0;
}

static void Fail(const struct Look* look, const char* what) {
  if (++bad > 10) return;
  printf("  %s: call %lu (%lx, %lx, %lx) at %lx, thread %d\n", what, look->at.entry.nr,
         look->at.entry.args[0], look->at.entry.args[1], look->at.entry.args[2],
         look->at.instruction_pointer, look->tid);
}

static int IsRestorer(const struct Look* look) {
  const unsigned char bytes[16] = {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05};
  long word[2];
  for (int i = 0; i < 2; ++i) {
    errno = 0;
    word[i] = ptrace(PTRACE_PEEKTEXT, look->tid, look->at.instruction_pointer - 9 + 8 * i, 0);
    if (errno == ESRCH) return 1;  // it was killed where it was held
  }
  return memcmp(word, bytes, 9) == 0;
}

enum Kind { kOwn, kAgain, kGate };
static enum Kind KindOf(const struct Look* look) {
  const struct Thread* thread = ThreadOf(look->tid);
  const unsigned long ip = look->at.instruction_pointer, nr = look->at.entry.nr;
  if (ip == shared->behind_end && nr == SYS_rt_sigreturn) return kOwn;
  if (ip == shared->behind_call) return thread == NULL || (long)nr == thread->nr ? kOwn : kAgain;
  return kGate;
}

// Just before the kernel goes on with the call.
static void Judge(const struct Look* look) {
  const struct Thread* thread = ThreadOf(look->tid);
  const unsigned long nr = look->at.entry.nr;
  switch (KindOf(look)) {
    case kOwn:
      ++own;
      return;
    case kAgain:
      ++again;
      TaskOf(look->tid)->must_trap = Refused(&look->at);
      return;
    case kGate:
      if (nr == SYS_rt_sigreturn) {
        ++ended;
        if (!IsRestorer(look)) Fail(look, "an rt_sigreturn that is not the restorer's");
      } else if (nr == SYS_prctl && look->at.entry.args[0] == kQuestion) {
        ++asked;
      } else if (Refused(&look->at)) {
        ++original;
        if (thread == NULL || (long)nr != thread->nr) Fail(look, "refused, and made all the same");
      } else {
        ++gate;
      }
  }
}

static double Now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void GoOn(pid_t tid, int signal) { ptrace(PTRACE_SYSCALL, tid, 0, signal); }

static void Enters(const struct Look* look) {
  const int threads = shared->thread[1].tid != 0;
  const enum Kind kind = KindOf(look);
  TaskOf(look->tid)->in_install =
      look->at.entry.nr == SYS_seccomp || look->at.entry.nr == SYS_prctl;
  const int hold = kind == kAgain ? rand() % 4 != 0 : kind == kGate && rand() % 8 == 0;
  if (threads && shared->filters < 7 && hold && held_count < kHeld) {
    ++held_some;
    held[held_count] = *look;
    held[held_count++].until = Now() + 0.004;
    return;
  }
  Judge(look);
  GoOn(look->tid, 0);
}

static void Leaves(const struct Look* look) {
  struct Thread* thread = ThreadOf(look->tid);
  struct Task* task = TaskOf(look->tid);
  if (thread != NULL && thread->installing >= 0 && task->in_install && look->at.exit.rval == 0 &&
      !look->at.exit.is_error) {
    // Whatever it asked meanwhile, the kernel has no other call of these two that gives 0 here.
    shared->filter[thread->installing].in_force = 1;
    ++installs_seen;
  }
  task->in_install = 0;
}

static void Release(void) {
  for (int i = 0; i < held_count;) {
    if (Now() < held[i].until) {
      ++i;
      continue;
    }
    Judge(&held[i]);
    GoOn(held[i].tid, 0);
    held[i] = held[--held_count];
  }
}

static void Trapped(pid_t tid, int signal) {
  struct Task* task = TaskOf(tid);
  siginfo_t info;
  if (task->must_trap) {
    const struct Look look = {.tid = tid};
    const int fine = signal == SIGSYS && ptrace(PTRACE_GETSIGINFO, tid, 0, &info) == 0 &&
                     info.si_errno == kRefusedByTheirs;
    if (!fine) Fail(&look, "a re-executed call that a filter refuses did not come back to abishim");
    came_back += fine;
  }
  task->must_trap = 0;
}

static void Stopped(pid_t tid, int status) {
  struct Look look = {.tid = tid};
  const int signal = WSTOPSIG(status);
  if (status >> 16 != 0) return GoOn(tid, 0);  // clone, or a thread's first stop
  if (signal != (SIGTRAP | 0x80)) {
    Trapped(tid, signal);
    return GoOn(tid, signal);
  }
  if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(look.at), &look.at) <= 0) return;
  if (look.at.op == PTRACE_SYSCALL_INFO_ENTRY) return Enters(&look);
  Leaves(&look);
  GoOn(tid, 0);
}

// Until the process `pid` is gone.
static void LookAt(pid_t pid) {
  int status;
  held_count = task_count = 0;
  if (ptrace(PTRACE_SEIZE, pid, 0,
             PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL) != 0) {
    perror("PTRACE_SEIZE");
    exit(1);
  }
  ptrace(PTRACE_INTERRUPT, pid, 0, 0);
  __atomic_store_n(&shared->go, 1, __ATOMIC_RELEASE);
  for (const double end = Now() + 60; Now() < end;) {
    const pid_t tid = waitpid(-1, &status, __WALL | (held_count ? WNOHANG : 0));
    if (tid <= 0) {
      usleep(50);
    } else if (WIFSTOPPED(status)) {
      Stopped(tid, status);
    } else if (tid == pid) {
      deaths += WIFSIGNALED(status);
      return;
    }
    Release();
  }
  printf("  a child that does not end\n");
  kill(pid, SIGKILL);
  ++bad;
}

int main(int argc, char** argv) {
  const int file = memfd_create("shared", 0);
  if (argc < 2 || file < 0 || ftruncate(file, sizeof(*shared)) != 0 ||
      dup2(file, kShared) != kShared)
    return 2;
  shared = mmap(0, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  const pid_t driver = fork();
  if (driver == 0) {
    execvp(argv[1], argv + 1);
    _exit(127);
  }
  int children = 0, status;
  while (!__atomic_load_n(&shared->done, __ATOMIC_ACQUIRE)) {
    const pid_t pid = __atomic_load_n(&shared->pid, __ATOMIC_ACQUIRE);
    if (pid == 0) {
      if (waitpid(driver, &status, WNOHANG) != 0) return 1;
      usleep(100);
      continue;
    }
    LookAt(pid);
    ++children;
    __atomic_store_n(&shared->pid, 0, __ATOMIC_RELEASE);
  }
  printf(
      "%d children, %d filters, %ld deaths; calls of the program %ld, for it %ld, again by it %ld, "
      "made where refused %ld, "
      "questions %ld, returns %ld; held %ld, came back %ld; %ld bad\n",
      children, installs_seen, deaths, own, gate, again, original, asked, ended, held_some,
      came_back, bad);
  return bad != 0 || children == 0 || gate == 0 || again == 0;
}

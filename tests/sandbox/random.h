// Random seccomp filters, and the calls that are made under them.
#pragma once
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// One instruction for all calls, so that siginfo's address can be checked; and a handler's end.
__asm__(
    ".text\n.globl raw_call, behind_raw_call, raw_end\n"
    "raw_call: mov %rdi, %rax; mov %rsi, %rdi; mov %rdx, %rsi; mov %rcx, %rdx; mov %r8, %r10; mov "
    "%r9, %r8; syscall\n"
    "behind_raw_call: ret\n"
    "raw_end: mov $15, %rax; syscall; hlt\n");
long raw_call(long nr, long a, long b, long c, long d, long e);
extern char behind_raw_call[], raw_end[];

static __thread uint64_t state;
static unsigned Random(unsigned below) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (unsigned)(state >> 33) % below;
}

static char text[64];
static struct { unsigned long flags, mode, resolve; } how;
static struct { long a[32]; } room;
enum { kEmpty = 4 };  // an empty file's descriptor, above it nothing

struct Call {
  const char* name;
  long nr, a, b, c, d, e;
  int makes_descriptor;
};
#define P(x) (long)(x)
static const struct Call calls[] = {
    {"getrandom", SYS_getrandom, P(text), 8, 0, 0, 0, 0},
    {"getrandom-bad", SYS_getrandom, 8, 8, 0, 0, 0, 0},
    {"statx", SYS_statx, AT_FDCWD, P("/"), 0, 0x7ff, P(&room), 0},
    {"openat2", SYS_openat2, AT_FDCWD, P("/dev/null"), P(&how), sizeof(how), 0, 1},
    {"openat2-missing", SYS_openat2, AT_FDCWD, P("/missing"), P(&how), sizeof(how), 0, 1},
    {"faccessat2", SYS_faccessat2, AT_FDCWD, P("/"), 4, 0, 0, 0},
    {"close_range", SYS_close_range, 900, 910, 0, 0, 0, 0},
    {"close_range-flag", SYS_close_range, 900, 910, 64, 0, 0, 0},
    {"epoll_pwait2", SYS_epoll_pwait2, kEmpty, P(text), 1, 0, 0, 0},
    {"renameat2", SYS_renameat2, AT_FDCWD, P("/missing"), AT_FDCWD, P("/missing"), 0, 0},
    {"preadv2", SYS_preadv2, kEmpty, P(&room), 0, 0, 0, 0},
    {"getgid", SYS_getgid, 0, 0, 0, 0, 0, 0},
    {"read", SYS_read, kEmpty, P(text), 8, 0, 0, 0},
    {"openat", SYS_openat, AT_FDCWD, P("/dev/null"), 0, 0, 0, 1},
    {"newfstatat", SYS_newfstatat, AT_FDCWD, P("/"), P(&room), 0, 0, 0},
    {"faccessat", SYS_faccessat, AT_FDCWD, P("/"), 4, 0, 0, 0},
    {"fcntl", SYS_fcntl, kEmpty, F_GETFD, 0, 0, 0, 0},
    {"getuid", SYS_getuid, 0, 0, 0, 0, 0, 0},
    {"mask-query", SYS_rt_sigprocmask, 0, 0, P(text), 8, 0, 0},
    // (Not SIGSEGV and SIGBUS: see shim/sandbox/README.md.)
    {"mask-most", SYS_rt_sigprocmask, SIG_BLOCK, P("\xbf\xfb\xff\xbf\xff\xff\xff\xff"), 0, 8, 0, 0},
    {"mask-sigsys", SYS_rt_sigprocmask, SIG_BLOCK, P("\0\0\0\x40\0\0\0\0"), 0, 8, 0, 0},
    {"action-query", SYS_rt_sigaction, SIGUSR1, 0, P(&room), 8, 0, 0},
    {"action-set", SYS_rt_sigaction, SIGUSR1, P(&room), 0, 8, 0, 0},
    {"altstack-query", SYS_sigaltstack, 0, P(&room), 0, 0, 0, 0},
    {"ppoll", SYS_ppoll, 0, 0, P("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), P("\1\0\0\0\0\0\0\0"), 8, 0},
    {"seccomp-mode", SYS_prctl, PR_GET_SECCOMP, 0, 0, 0, 0, 0},
    {"dumpable", SYS_prctl, PR_GET_DUMPABLE, 0, 0, 0, 0, 0},
    {"action-avail", SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, P("\0\0\5\0"), 0, 0, 0},
    {"seccomp-bad", SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, 8, 0, 0, 0},
    {"seccomp-flags", SYS_seccomp, SECCOMP_SET_MODE_FILTER, 1 << 20, P(&room), 0, 0, 0},
    {"seccomp-op", SYS_seccomp, 77, 0, 0, 0, 0, 0},
};
enum { kCalls = sizeof(calls) / sizeof(calls[0]), kPlanned = 11, kMostRules = 8, kMade = 24 };

// What a rule may speak of: all of these, and what translations are made of. rt_sigreturn, which
// handlers and traps end in, is one of the last.
static const int others[] = {SYS_close,  SYS_fstat,    SYS_poll,         SYS_pselect6,
                             SYS_fork,   SYS_clone,    SYS_pipe2,        SYS_mmap,
                             SYS_munmap, SYS_mprotect, SYS_gettid,       SYS_tgkill,
                             SYS_getpid, SYS_ioctl,    SYS_rt_sigreturn, SYS_epoll_pwait};
enum { kOthers = sizeof(others) / sizeof(others[0]) };

static unsigned RandomAction(void) {
  static const unsigned actions[] = {
      SECCOMP_RET_ERRNO | EPERM, SECCOMP_RET_ERRNO | EACCES, SECCOMP_RET_ERRNO | 5000,
      SECCOMP_RET_ERRNO,         SECCOMP_RET_TRAP | 7,       SECCOMP_RET_TRAP | 0xab20,
      SECCOMP_RET_TRACE | 1,     SECCOMP_RET_USER_NOTIF,     SECCOMP_RET_LOG,
      SECCOMP_RET_ALLOW,         SECCOMP_RET_KILL_THREAD,    SECCOMP_RET_KILL_PROCESS};
  const unsigned many = Random(4) == 0 ? 12 : 10;  // death ends a child early
  return actions[Random(many)];
}

static int refuses_others;  // a filter of this process refuses something

static int Rule(struct sock_filter* to) {
  const int of_calls = Random(3) != 0;
  const int nr = of_calls ? (int)calls[Random(kCalls)].nr : others[Random(kOthers)];
  unsigned action = RandomAction();
  // Nobody could be asked about this one, which goes on as if allowed (shim/sandbox/README.md).
  if (nr == SYS_rt_sigreturn &&
      (action == SECCOMP_RET_USER_NOTIF || action == (SECCOMP_RET_TRACE | 1))) {
    action = SECCOMP_RET_ALLOW;
  }
  int n = 0;
  to[n++] =
      (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
  // Nor are the pointers that a filter sees of these the program's own.
  const int shown_otherwise = nr == SYS_rt_sigprocmask || nr == SYS_rt_sigaction ||
                              nr == SYS_sigaltstack || nr == SYS_ppoll;
  if (Random(4) == 0 && !shown_otherwise) {  // by an argument
    const unsigned value = (unsigned)Random(12);
    to[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 3);
    to[n++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args) +
                                                                   8 * Random(4) + 4 * Random(2));
    to[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, value, 0, 1);
  } else {
    to[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1);
  }
  to[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action);
  if (action != SECCOMP_RET_ALLOW && action != SECCOMP_RET_LOG) refuses_others = 1;
  return n;
}

enum { kLongest = kMostRules * 5 + 8 };
// A filter of some rules; its length.
static int MakeRandom(struct sock_filter* code) {
  int n = 0;
  const int rules = 1 + (int)Random(kMostRules);
  if (Random(6) == 0) code[n++] = (struct sock_filter)BPF_STMT(BPF_MISC | BPF_TAX, 0);
  for (int i = 0; i < rules; ++i) n += Rule(code + n);
  code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  return n;
}

// What does a trapped call cost, against an empty SIGSYS handler and the kernel's other ways to
// hand a call to somebody? The call is mlock2 with a bad flag: its translation answers without a
// call.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "bench/child.h"

namespace abishim::bench {
namespace {

constexpr long kCall = SYS_mlock2;
void Call() { Raw(kCall, 0, 0, 0x80); }

// A filter with one action for that call; for kNotify its descriptor.
int FilterOne(unsigned action, unsigned flags = 0) {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kCall, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, action), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  sock_fprog program{4, code};
  const long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                              flags | SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program);
  // The pretended 3.10 has no seccomp(2).
  return static_cast<int>(result >= 0 ? result
                                      : prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

void OnSigsys(int, siginfo_t*, void* context) {
  static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RAX] = -22;
}
void Handle() {
  struct sigaction action {};
  action.sa_sigaction = OnSigsys;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGSYS, &action, nullptr);
}

void Native(benchmark::State& state) { Measure(state, {}, Call); }
void Abishim(benchmark::State& state) {
  Measure(state, {.outer = Outer::kOldKernel, .shim = Shim::kLoaded, .mode = "trap"}, Call);
}
void Unguarded(benchmark::State& state) {
  Measure(state, {.outer = Outer::kOldKernel, .shim = Shim::kUnguarded, .mode = "trap"}, Call);
}
void InSandbox(benchmark::State& state) {
  Measure(state,
          {.outer = Outer::kOldKernel,
           .shim = Shim::kLoaded,
           .mode = "trap",
           .after =
               [] {
                 prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
                 FilterOne(SECCOMP_RET_ALLOW);
               }},
          Call);
}
void EmptyHandler(benchmark::State& state) {
  Measure(state,
          {.outer = Outer::kOldKernel,
           .after =
               [] {
                 Handle();
                 FilterOne(SECCOMP_RET_TRAP);
               }},
          Call);
}

// Syscall User Dispatch, 5.11: the handler opens the selector for its own return.
volatile char g_selector;
void OnDispatch(int, siginfo_t*, void* context) {
  g_selector = 0;  // SYSCALL_DISPATCH_FILTER_ALLOW
  static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RAX] = -22;
}
void UserDispatch(benchmark::State& state) {
  Measure(state,
          {.after =
               [] {
                 struct sigaction action {};
                 action.sa_sigaction = OnDispatch;
                 action.sa_flags = SA_SIGINFO;
                 sigaction(SIGSYS, &action, nullptr);
                 prctl(59 /* PR_SET_SYSCALL_USER_DISPATCH */, 1, 0, 0, &g_selector);
               }},
          [] {
            g_selector = 1;
            Call();
          });
}

// A second process answers: by ptrace, or by a notification descriptor.
void Tracer(pid_t caller) {
  if (ptrace(PTRACE_SEIZE, caller, 0, PTRACE_O_TRACESECCOMP) != 0) _exit(1);
  int status;
  while (waitpid(caller, &status, __WALL) == caller && WIFSTOPPED(status)) {
    user_regs_struct registers;
    if (status >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8)) {
      ptrace(PTRACE_GETREGS, caller, 0, &registers);
      registers.orig_rax = static_cast<unsigned long>(-1);
      registers.rax = static_cast<unsigned long>(-22);
      ptrace(PTRACE_SETREGS, caller, 0, &registers);
    }
    ptrace(PTRACE_CONT, caller, 0, 0);
  }
  _exit(0);
}
void Trace(benchmark::State& state) {
  Measure(state,
          {.after =
               [] {
                 const pid_t caller = getpid();
                 prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
                 if (fork() == 0) Tracer(caller);
                 FilterOne(SECCOMP_RET_TRACE);
                 while (Raw(kCall, 0, 0, 0x80) == -1 && errno == ENOSYS) usleep(1000);
               }},
          Call);
}

void Notified(int socket) {
  char buffer[CMSG_SPACE(sizeof(int))];
  char byte;
  iovec vector{&byte, 1};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = buffer;
  message.msg_controllen = sizeof(buffer);
  if (recvmsg(socket, &message, 0) != 1) _exit(1);
  int listener;
  memcpy(&listener, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
  for (;;) {
    seccomp_notif request{};
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) != 0) _exit(0);
    seccomp_notif_resp answer{.id = request.id, .val = 0, .error = -22, .flags = 0};
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
  }
}
void SendDescriptor(int socket, int fd) {
  char buffer[CMSG_SPACE(sizeof(int))] = {};
  char byte = 0;
  iovec vector{&byte, 1};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = buffer;
  message.msg_controllen = sizeof(buffer);
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(header), &fd, sizeof(int));
  sendmsg(socket, &message, 0);
}
void UserNotif(benchmark::State& state) {
  Measure(state,
          {.after =
               [] {
                 int sockets[2];
                 socketpair(AF_UNIX, SOCK_STREAM, 0, sockets);
                 if (fork() == 0) {
                   prctl(PR_SET_PDEATHSIG, SIGKILL);
                   Notified(sockets[1]);
                 }
                 const int listener =
                     FilterOne(SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER);
                 SendDescriptor(sockets[0], listener);
               }},
          Call);
}

BENCHMARK(Native)->Name("Trap/native")->UseManualTime();
BENCHMARK(EmptyHandler)->Name("Trap/empty_handler")->UseManualTime();
BENCHMARK(Abishim)->Name("Trap/abishim")->UseManualTime();
BENCHMARK(Unguarded)->Name("Trap/unguarded")->UseManualTime();
BENCHMARK(InSandbox)->Name("Trap/in_sandbox")->UseManualTime();
BENCHMARK(UserDispatch)->Name("Trap/user_dispatch")->UseManualTime();
BENCHMARK(UserNotif)->Name("Trap/user_notif")->UseManualTime();
BENCHMARK(Trace)->Name("Trap/ret_trace")->UseManualTime();

}  // namespace
}  // namespace abishim::bench

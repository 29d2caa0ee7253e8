// limit: the kernel calls handlers itself, with masks that never have SIGSYS in them

// What the handler of another signal sees of a blocked SIGSYS: in uc_sigmask, in its own mask,
// during a call with a mask.
#include <poll.h>
#include <ucontext.h>

#include "planned.h"

static volatile uint64_t saved, during;
static volatile uint64_t edit;
static volatile int handled, sys_in_handler, sys_handled;
static void OnSignal(int sig, siginfo_t* info, void* context) {
  (void)sig, (void)info;
  saved = Bits(&((ucontext_t*)context)->uc_sigmask), during = Mask();
  MakePlannedCalls();
  if (edit) memcpy(&((ucontext_t*)context)->uc_sigmask, (const uint64_t*)&edit, kMaskBytes);
  const int before = sys_handled;
  raise(SIGSYS);
  sys_in_handler = sys_handled - before;
  ++handled;
}
static void OnSigsys(int sig) { sys_handled += sig == SIGSYS; }

int main(void) {
  Watchdog(20);
  CHECK(signal(SIGSYS, OnSigsys) != SIG_ERR);
  MakePlannedCalls();
  for (int i = 0; i < 8; ++i) {
    const uint64_t own = i & 1 ? Bit(SIGSYS) : 0, in_mask = i & 2 ? Bit(SIGSYS) : 0;
    const uint64_t temporary = i & 4 ? Bit(SIGSYS) : 0;
    struct sigaction action = {.sa_sigaction = OnSignal, .sa_flags = SA_SIGINFO};
    if (in_mask) sigaddset(&action.sa_mask, SIGSYS);
    CHECK_EQ(sigaction(SIGUSR1, &action, 0), 0);

    check_context = "raised";
    SetMask(own);
    raise(SIGUSR1);
    CHECK_EQ(saved, own);
    CHECK_EQ(during, own | in_mask | Bit(SIGUSR1));
    CHECK_EQ(sys_in_handler, !(own | in_mask));

    SetMask(0);  // the SIGSYS that may be left
    check_context = "ppoll";
    SetMask(own | Bit(SIGUSR1));
    raise(SIGUSR1);
    CHECK_ERRNO(syscall(SYS_ppoll, 0, 0, 0, &temporary, kMaskBytes), EINTR);
    CHECK_EQ(saved, own | Bit(SIGUSR1));
    CHECK_EQ(during, temporary | in_mask | Bit(SIGUSR1));
    CHECK_EQ(sys_in_handler, !(temporary | in_mask));
    SetMask(0);
    CHECK_EQ(sys_handled, 2 * (i + 1));
  }
  check_context = "unblocked by an edit of uc_sigmask";
  SetMask(Bit(SIGSYS));
  edit = Bit(SIGUSR2);
  raise(SIGUSR1);
  CHECK_EQ(Mask(), Bit(SIGUSR2));
  return Done();
}

// A launcher that has to stay behind its program, and must not be noticed.
#include "shim/command/wait.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <initializer_list>

namespace abishim::command {
namespace {

sigset_t inherited;  // the mask that the launcher was started with

sigset_t Held() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGCHLD}) {
    sigaddset(&set, signal);
  }
  return set;
}

}  // namespace

void HoldSignals() {
  const sigset_t held = Held();
  sigprocmask(SIG_BLOCK, &held, &inherited);
}

void LetSignals() { sigprocmask(SIG_SETMASK, &inherited, nullptr); }

void PassSignalOn(pid_t child) {
  const sigset_t held = Held();
  siginfo_t info;
  const int signal = sigwaitinfo(&held, &info);
  if (signal > 0 && signal != SIGCHLD && info.si_code <= 0) kill(child, signal);
}

int WaitFor(pid_t child) {
  for (;;) {
    int status;
    if (waitpid(child, &status, WNOHANG) == child) return status;
    PassSignalOn(child);
  }
}

void EndAs(int status) {
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    const rlimit none{};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);  // a core_pattern with a pipe does not ask for the limit
    ::signal(signal, SIG_DFL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    kill(getpid(), signal);
    sigprocmask(SIG_UNBLOCK, &set, nullptr);
    _exit(128 + signal);
  }
  exit(WEXITSTATUS(status));
}

}  // namespace abishim::command

// A sleeping process whose scheduling is set and read, and what the older calls say about it.
#pragma once

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

namespace abishim::test {

class Scheduled {
 public:
  // It ends with a pipe, not by a signal: one who has given up his rights meanwhile may not send
  // it.
  Scheduled() {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    alive_ = ends[1];
    pid_ = fork();
    if (pid_ == 0) {
      close(ends[1]);
      char unused;
      _exit(static_cast<int>(read(ends[0], &unused, 1)));
    }
    close(ends[0]);
  }
  ~Scheduled() {
    close(alive_);
    waitpid(pid_, nullptr, 0);
  }
  Scheduled(const Scheduled&) = delete;
  Scheduled& operator=(const Scheduled&) = delete;
  int pid() const { return pid_; }
  void Be(int policy, int priority, int nice) const {
    const sched_param param{priority};
    sched_setscheduler(pid_, policy, &param);
    setpriority(PRIO_PROCESS, static_cast<id_t>(pid_), nice);
  }
  std::string Is() const {
    sched_param param;
    sched_getparam(pid_, &param);
    return "policy " + std::to_string(sched_getscheduler(pid_)) + " priority " +
           std::to_string(param.sched_priority) + " nice " +
           std::to_string(getpriority(PRIO_PROCESS, static_cast<id_t>(pid_)));
  }

 private:
  pid_t pid_;
  int alive_;
};

struct Attributes {  // struct sched_attr
  unsigned size, policy;
  unsigned long flags;
  int nice;
  unsigned priority;
  unsigned long runtime, deadline, period;
  unsigned lowest, highest;  // the clamps of Linux 5.3
  unsigned long later;       // than the kernels we know
};
static_assert(sizeof(Attributes) == 64);

}  // namespace abishim::test

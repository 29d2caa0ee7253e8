// A process has one tracer. Under --flags and --no-vsyscall that is the launcher, so gdb, strace
// and their like find nothing that they may trace: which is said, in words, when one of them tries.
#pragma once

#include <sys/types.h>

#include "shim/command/outer_filter.h"

namespace abishim::command {

// Hands the calls by which one becomes a tracer to the launcher.
Program NoticeTracers();

class OneTracer {
 public:
  // A stop that the filter brought about. Says it once, on standard error; the call goes on, and is
  // refused by the kernel.
  void Notice(pid_t pid);

 private:
  bool said_ = false;
};

}  // namespace abishim::command

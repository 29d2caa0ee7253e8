// When a thread waits in a call, so that it can be interrupted there.
#pragma once

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

namespace abishim::test {

inline bool IsAsleep(pid_t thread) {
  char path[64], text[256] = "";
  snprintf(path, sizeof(path), "/proc/self/task/%d/stat", thread);
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  const ssize_t size = read(fd, text, sizeof(text) - 1);
  close(fd);
  const char* const after = size > 0 ? strrchr(text, ')') : nullptr;
  return after != nullptr && after[2] == 'S';
}
inline void AwaitSleep(pid_t thread) {
  // Twice, with time in between: not in a lock of the test's own.
  for (int seen = 0; seen < 3; seen = IsAsleep(thread) ? seen + 1 : 0) usleep(5000);
}

}  // namespace abishim::test

// A forked child for what must not happen to the test itself: closing descriptors, lowering limits,
// taking /proc or /dev away.
#pragma once

#include <limits.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <vector>

namespace abishim::test {

using Seen = std::vector<long>;

// What `body` saw, in a child of its own. It comes back through shared memory: the child may close
// whatever it likes. A child that dies gives {LONG_MIN, its wait status}.
inline Seen InChild(const std::function<Seen()>& body) {
  constexpr size_t kBytes = 1 << 20;
  long* shared = static_cast<long*>(
      mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    const Seen seen = body();
    shared[0] = static_cast<long>(std::min(seen.size(), kBytes / sizeof(long) - 1));
    std::copy_n(seen.begin(), shared[0], shared + 1);
    _exit(0);
  }
  int status = -1;
  waitpid(child, &status, 0);
  Seen seen{LONG_MIN, status};
  if (status == 0) seen.assign(shared + 1, shared + 1 + shared[0]);
  munmap(shared, kBytes);
  return seen;
}

}  // namespace abishim::test

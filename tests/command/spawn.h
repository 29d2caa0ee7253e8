// Runs the abishim command as a user would, and keeps what came out.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace abishim::test {

struct Outcome {
  int exit = -1;   // the exit status, or -1
  int signal = 0;  // what killed it, or 0
  bool core = false;
  std::string out, err;
};

using Words = std::vector<std::string>;

// Runs `words` with `input` as stdin. `in_child` is called between fork and exec, `while_running`
// in the parent once the child has written its first bytes to stdout.
Outcome Spawn(const Words& words, const std::string& input = "",
              const std::function<void()>& in_child = {},
              const std::function<void(int pid)>& while_running = {});

// The command with ABISHIM=off, which leaves the outer filter as the only thing in force.
Outcome Off(const Words& words, const std::string& input = "");

}  // namespace abishim::test

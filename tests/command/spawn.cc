#include "tests/command/spawn.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

namespace abishim::test {
namespace {

struct Pipe {
  int read, write;
  Pipe() {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    read = ends[0];
    write = ends[1];
  }
};

void Become(const Words& words, const std::function<void()>& in_child) {
  if (in_child) in_child();
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  _exit(124);
}

// Reads both ends until they are closed; calls `first` when the first bytes of `out` are there.
void Drain(int out, int err, Outcome* outcome, const std::function<void()>& first) {
  pollfd fds[] = {{out, POLLIN, 0}, {err, POLLIN, 0}};
  bool called = false;
  while (fds[0].fd >= 0 || fds[1].fd >= 0) {
    if (poll(fds, 2, 20'000) <= 0) {
      ADD_FAILURE() << "the program did not end";
      return;
    }
    for (pollfd& fd : fds) {
      if (fd.fd < 0 || fd.revents == 0) continue;
      char bytes[4096];
      const ssize_t size = read(fd.fd, bytes, sizeof bytes);
      if (size <= 0) {
        close(fd.fd);
        fd.fd = -1;
        continue;
      }
      (&fd == fds ? outcome->out : outcome->err).append(bytes, size);
      if (&fd == fds && !called && first) first();
      called |= &fd == fds;
    }
  }
}

}  // namespace

Outcome Spawn(const Words& words, const std::string& input, const std::function<void()>& in_child,
              const std::function<void(int pid)>& while_running) {
  Pipe in, out, err;
  EXPECT_LT(input.size(), 60'000u);  // fits into the pipe: nobody has to feed it
  EXPECT_EQ(write(in.write, input.data(), input.size()), static_cast<ssize_t>(input.size()));
  close(in.write);
  const pid_t child = fork();
  if (child == 0) {
    dup2(in.read, 0);
    dup2(out.write, 1);
    dup2(err.write, 2);
    Become(words, in_child);
  }
  close(in.read);
  close(out.write);
  close(err.write);
  Outcome outcome;
  Drain(out.read, err.read, &outcome, [&] {
    if (while_running) while_running(child);
  });
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  if (WIFEXITED(status)) outcome.exit = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) {
    outcome.signal = WTERMSIG(status);
    outcome.core = WCOREDUMP(status);
  }
  return outcome;
}

Outcome Off(const Words& words, const std::string& input) {
  Words all{ABISHIM_COMMAND};
  all.insert(all.end(), words.begin(), words.end());
  return Spawn(all, input, [] { setenv("ABISHIM", "off", 1); });
}

}  // namespace abishim::test

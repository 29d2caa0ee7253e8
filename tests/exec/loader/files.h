// Files to be executed, made for a test; and what execve natively makes of them.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <string>
#include <vector>

#include "shim/exec/check/target.h"

namespace abishim::test {

// How a host lets itself be asked whether a file may be executed: shim/exec/check/permission.h.
enum class Asking { kByCheck, kByBadArguments, kByPermission };

// The host as it is.
inline long HostCallOf(long nr, long a, long b, long c, long d, long e, long f) {
  const long result = syscall(nr, a, b, c, d, e, f);
  return result == -1 ? -errno : result;
}

// The host as it is, but for that.
template <Asking asking>
long AskedHost(long nr, long a, long b, long c, long d, long e, long f) {
  const bool execveat = nr == SYS_execveat;
  if (asking != Asking::kByCheck && execveat && (e & 0x10000) != 0) return -EINVAL;
  if (asking == Asking::kByPermission && (nr == SYS_execve || execveat)) return -EFAULT;
  return HostCallOf(nr, a, b, c, d, e, f);
}
template <Asking asking>
inline constexpr Host kHostAsked{AskedHost<asking>,
                                 [](void* to, Word from, Word bytes) {
                                   memcpy(to, reinterpret_cast<const void*>(from), bytes);
                                   return bytes;
                                 },
                                 [](Word to, const void* from, Word bytes) {
                                   memcpy(reinterpret_cast<void*>(to), from, bytes);
                                   return bytes;
                                 },
                                 nullptr,
                                 nullptr,
                                 nullptr};
inline const Host& HostAsked(Asking asking) {
  switch (asking) {
    case Asking::kByCheck:
      return kHostAsked<Asking::kByCheck>;
    case Asking::kByBadArguments:
      return kHostAsked<Asking::kByBadArguments>;
    default:
      return kHostAsked<Asking::kByPermission>;
  }
}

inline void WriteFile(const std::string& path, const std::string& bytes, int mode = 0755) {
  std::ofstream(path, std::ios::binary) << bytes;
  chmod(path.c_str(), mode);
}
inline std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Ran {
  int error = 0;  // of execve
  int status = 0;
  std::string printed;
};

inline Ran Execute(const std::string& path, std::vector<std::string> arguments) {
  Ran ran;
  int ends[2];
  EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  char* environment[] = {nullptr};
  pid_t pid;
  ran.error = posix_spawn(&pid, path.c_str(), &actions, nullptr, argv.data(), environment);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  char buffer[4096];
  ssize_t got;
  while (ran.error == 0 && (got = read(ends[0], buffer, sizeof buffer)) > 0) {
    ran.printed.append(buffer, got);
  }
  close(ends[0]);
  if (ran.error == 0) waitpid(pid, &ran.status, 0);
  return ran;
}

}  // namespace abishim::test

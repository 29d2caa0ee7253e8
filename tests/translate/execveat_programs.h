// Programs, scripts and what else a name may lead to, and what comes of executing it.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>

#include "tests/support/oracle.h"

namespace abishim::test {

inline std::string Contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Shows its own name and arguments, and that it can be read under that name.
constexpr const char kScript[] = "#!/bin/sh\nread line <\"$0\"; echo \"$0 $* $line\"\n";

class Programs {
 public:
  explicit Programs(const std::string& parent = "/tmp") : dir_(parent) {
    chmod(dir_.path().c_str(), 0755);
    for (const char* dir : {"dir", "other"}) mkdir((*this / dir).c_str(), 0755);
    for (const char* in : {"", "dir/"}) {
      const std::string folder = in;
      Make(folder + "echo", Contents("/bin/echo"));
      Make(folder + "env", Contents("/usr/bin/env"));
      Make(folder + "script", kScript);
      Make(folder + "cat", "#!/bin/cat -n\ntext\n");
    }
    Make("plain", Contents("/bin/echo"), 0644);
    Make("plain_script", kScript, 0644);
    Make("group_only", kScript, 0010);
    Make("text", "in no format\n");
    Make("empty", "");
    Make("bare", "#!\n");
    Make("two", "#!");
    Make("blanks", "#!" + std::string(300, ' '));
    Make("blank", "#! \t\n/bin/sh\n");
    Make("cut_off", "#!/" + std::string(300, '/') + "bin/sh\n");
    Make("argument", "#! /bin/echo " + std::string(300, 'a') + "\n");
    Make("no_interpreter", "#!/no/such/interpreter\n");
    Make("nested", "#!" + *this / "script" + " nested\n");
    mkfifo((*this / "fifo").c_str(), 0777);
    for (const auto& [target, name] :
         {std::pair{"echo", "to_echo"}, std::pair{"script", "to_script"},
          std::pair{"dir", "to_dir"}, std::pair{"nowhere", "dangling"},
          std::pair{"loop", "loop"}}) {
      EXPECT_EQ(symlink(target, (*this / name).c_str()), 0);
    }
  }
  std::string operator/(const std::string& name) const { return dir_ / name; }
  const std::string& path() const { return dir_.path(); }
  int Open(int flags) const { return open(path().c_str(), flags | O_DIRECTORY); }

 private:
  void Make(const std::string& name, const std::string& bytes, mode_t mode = 0755) const {
    std::ofstream(*this / name, std::ios::binary) << bytes;
    EXPECT_EQ(chmod((*this / name).c_str(), mode), 0);
  }
  TempDir dir_;
};

constexpr const char* kGoodNames[] = {
    "echo",       "env",    "script",     "cat",        "to_echo",       "to_script", "dir/echo",
    "dir/script", "nested", "to_dir/env", "to_dir/cat", "dir/../script", "./././echo"};
constexpr const char* kOtherNames[] = {
    "plain",    "plain_script", "group_only", "text",   "empty",
    "bare",     "two",          "blanks",     "blank",  "cut_off",
    "argument", "fifo",         "dir",        "to_dir", "dangling",
    "loop",     "missing",      "echo/",      "dir/",   "to_dir/",
    "to_echo/", "echo/below",   ".",          "..",     "no_interpreter",
    "other",    "loop/echo"};

struct Outcome {
  long result = LONG_MIN;  // of the call, where it came back
  int left_behind = 0;     // descriptors, then
  int status = -1;
  std::string output;
  bool operator==(const Outcome&) const = default;
};
inline std::ostream& operator<<(std::ostream& out, const Outcome& o) {
  if (o.result != LONG_MIN) out << ErrnoName(o.result) << " leaves " << o.left_behind << ", ";
  return out << "status " << o.status << " output " << o.output;
}

// LD_SHOW_AUXV has each program print what the kernel told it: of that AT_EXECFN only.
inline std::string WithoutAddresses(const std::string& output) {
  std::istringstream lines(output);
  std::string kept;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("AT_") || line.starts_with("AT_EXECFN")) kept += line + "\n";
  }
  return kept;
}

// In a child, whose output is caught.
inline Outcome Execute(const std::function<long()>& execute) {
  static long* const shared = static_cast<long*>(
      mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  const int output = memfd_create("output", MFD_CLOEXEC);
  shared[0] = LONG_MIN;
  shared[1] = 0;
  fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    dup2(output, 1);
    dup2(output, 2);
    const int before = OpenDescriptors();
    shared[0] = execute();
    shared[1] = OpenDescriptors() - before;
    _exit(0);
  }
  Outcome outcome;
  waitpid(child, &outcome.status, 0);
  outcome.result = shared[0];
  outcome.left_behind = static_cast<int>(shared[1]);
  outcome.output.resize(static_cast<size_t>(lseek(output, 0, SEEK_END)));
  EXPECT_EQ(pread(output, outcome.output.data(), outcome.output.size(), 0),
            static_cast<ssize_t>(outcome.output.size()));
  outcome.output = WithoutAddresses(outcome.output);
  close(output);
  return outcome;
}

using Call = long (*)(const Args&);
inline long Kernels(const Args& args) { return Native<"execveat">(args); }
inline long Ours(const Args& args) { return Translated(translate::execveat, args); }

inline const char* g_argv[] = {"zeroth", "first one", "second", nullptr};
inline const char* g_envp[] = {"LD_SHOW_AUXV=1", "NAME=value", nullptr};

inline Args Arguments(int fd, const char* path, int flags = 0) {
  return Make(Dirty(fd), Address(path), Address(g_argv), Address(g_envp), Dirty(flags));
}
inline Outcome Execute(Call call, const Args& args) {
  return Execute([&] { return call(args); });
}
// The kernel's outcome, after ours was compared with it.
inline Outcome Compare(const Args& args, const std::string& what) {
  const Outcome native = Execute(Kernels, args);
  EXPECT_EQ(Execute(Ours, args), native) << what;
  return native;
}

}  // namespace abishim::test

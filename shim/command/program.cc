// The program that `run` becomes: where it is, and how it is started.
#include "shim/command/program.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "shim/command/failure.h"
#include "shim/start/launch.h"

namespace abishim::command {
namespace {

// 0, or the errno with which an exec of this file would fail.
int WhyNot(const std::string& path) {
  struct stat file;
  if (stat(path.c_str(), &file) != 0) return errno;
  if (S_ISDIR(file.st_mode)) return EISDIR;  // the kernel says EACCES; this helps more
  if (!S_ISREG(file.st_mode)) return EACCES;
  return eaccess(path.c_str(), X_OK) == 0 ? 0 : errno;
}

[[noreturn]] void Fail(const std::string& name, int error) {
  const bool missing = error == ENOENT || error == ENOTDIR;
  throw Failure(missing ? kNotFound : kCannotExecute,
                name + (missing ? ": not found: " : ": cannot execute: ") + strerror(error));
}

// As bash decides: a NUL in the first line makes it no text.
bool IsText(const std::string& path) {
  char start[128];
  std::ifstream file(path, std::ios::binary);
  file.read(start, sizeof start);
  const auto size = static_cast<std::size_t>(file.gcount());
  const std::string_view line(start, size);
  return line.substr(0, line.find('\n')).find('\0') == std::string_view::npos;
}

}  // namespace

std::string FindProgram(const std::string& name) {
  if (name.empty()) Fail("''", ENOENT);
  if (name.find('/') != std::string::npos) {
    const int error = WhyNot(name);
    if (error != 0) Fail(name, error);
    return name;
  }
  const char* const set = getenv("PATH");
  const std::string path = set != nullptr ? set : "/bin:/usr/bin";
  int why = ENOENT;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find(':', begin), path.size());
    const std::string directory = path.substr(begin, end - begin);
    std::string candidate = (directory.empty() ? "." : directory) + '/' + name;
    const int error = WhyNot(candidate);
    if (error == 0) return candidate;
    if (error != ENOENT && error != ENOTDIR && error != EISDIR) why = error;
    begin = end + 1;
  }
  Fail(name, why);
}

void BecomeShimmed(const std::string& library, const std::string& path,
                   const std::vector<std::string>& arguments) {
  std::vector<const char*> argv{start::kLauncher, path.c_str()};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  argv.push_back(nullptr);
  execve(library.c_str(), const_cast<char* const*>(argv.data()), environ);
  if (errno != EACCES && errno != EPERM) Fail(arguments[0], errno);
}

void Become(const std::string& path, const std::vector<std::string>& arguments) {
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execve(path.c_str(), argv.data(), environ);
  if (errno == ENOEXEC && IsText(path)) {
    argv[0] = const_cast<char*>(path.c_str());
    argv.insert(argv.begin(), const_cast<char*>("sh"));
    execve("/bin/sh", argv.data(), environ);
  }
  Fail(arguments[0], errno);
}

}  // namespace abishim::command

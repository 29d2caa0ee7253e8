// The library that belongs to the command.
#include "shim/command/library.h"

#include <unistd.h>

#include <climits>
#include <vector>

#include "shim/command/failure.h"

namespace abishim::command {

std::string FindLibrary() {
  constexpr char kLibrary[] = "libabishim.so";
  char self[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", self, sizeof self);
  std::vector<std::string> candidates;
  if (length > 0) {
    std::string directory(self, static_cast<std::size_t>(length));
    directory.resize(directory.rfind('/'));
    candidates.push_back(directory + '/' + kLibrary);
    candidates.push_back(directory.substr(0, directory.rfind('/')) + "/lib/abishim/" + kLibrary);
  }
  candidates.push_back(std::string("/usr/lib/abishim/") + kLibrary);
  std::string tried;
  for (const std::string& candidate : candidates) {
    if (access(candidate.c_str(), R_OK) == 0) return candidate;
    tried += (tried.empty() ? "" : ", ") + candidate;
  }
  throw Failure(kCannotStart,
                std::string("cannot find ") + kLibrary + " (looked for " + tried + ")");
}

}  // namespace abishim::command

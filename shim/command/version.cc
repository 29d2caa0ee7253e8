// Kernel versions as people write them.
#include "shim/command/version.h"

#include <sys/utsname.h>

#include <charconv>

#include "shim/command/failure.h"

namespace abishim::command {
namespace {

// Reads X.Y[.Z] from the beginning of `text`; the number of characters read, 0 when it is none.
std::size_t ReadVersion(std::string_view text, Version* version) {
  int parts[3] = {};
  const char* at = text.data();
  const char* const end = at + text.size();
  int count = 0;
  while (count < 3) {
    const auto [next, error] = std::from_chars(at, end, parts[count]);
    if (error != std::errc{} || *at == '-') break;
    ++count;
    at = next;
    if (count == 3 || end - at < 2 || *at != '.' || at[1] < '0' || at[1] > '9') break;
    ++at;
  }
  if (count < 2) return 0;
  *version = {parts[0], parts[1], parts[2]};
  return at - text.data();
}

}  // namespace

Version ParseVersion(std::string_view text, std::string_view what) {
  Version version;
  const std::size_t read = ReadVersion(text, &version);
  if (read == 0 || read != text.size()) {
    throw Failure(kUsage, std::string(what) + ": '" + std::string(text) +
                              "' is no kernel version of the form X.Y or X.Y.Z");
  }
  return version;
}

std::string ToText(Version version) {
  if (version == kAlways) return "always";
  if (version == kNever) return "never";
  std::string text = std::to_string(version.major) + '.' + std::to_string(version.minor);
  if (version.patch != 0) text += '.' + std::to_string(version.patch);
  return text;
}

Version RunningKernel() {
  utsname names;
  Version version;
  if (uname(&names) != 0 || ReadVersion(names.release, &version) == 0) return kAlways;
  return version;
}

}  // namespace abishim::command

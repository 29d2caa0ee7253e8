// A seccomp profile of the OCI or of the Docker form, resolved for one container on one kernel.
//
// OCI's runtime-spec knows default action, architectures and rules; Docker's form adds archMap and
// per rule `includes` and `excludes`. The decisions follow moby, runc and crun; where the engines
// differ (a rule without errnoRet), defaultErrnoRet is used before EPERM.
#include "shim/command/profile.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "shim/command/builtin_profiles.h"
#include "shim/command/failure.h"
#include "shim/command/version.h"

namespace abishim::command {
namespace {

using nlohmann::json;

constexpr std::string_view kDockerCapabilities[] = {
    "CAP_CHOWN",   "CAP_DAC_OVERRIDE",     "CAP_FSETID",     "CAP_FOWNER",      "CAP_MKNOD",
    "CAP_NET_RAW", "CAP_SETGID",           "CAP_SETUID",     "CAP_SETFCAP",     "CAP_SETPCAP",
    "CAP_KILL",    "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_AUDIT_WRITE",
};
constexpr std::string_view kArchNames[] = {"amd64", "x86_64"};  // as Docker and as the kernel say

// A member that may be absent or null.
template <class T>
T Optional(const json& object, const char* key, T otherwise) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? otherwise : found->get<T>();
}

[[noreturn]] void Reject(const std::string& why) { throw std::invalid_argument(why); }

std::uint32_t ErrnoOf(const json& object, const char* key, std::uint32_t otherwise) {
  const std::int64_t value = Optional<std::int64_t>(object, key, otherwise);
  if (value < 0 || value > 4095)
    Reject(std::string(key) + " is no errno: " + std::to_string(value));
  return static_cast<std::uint32_t>(value);
}

std::uint32_t ActionOf(const std::string& name, std::uint32_t error) {
  if (name == "SCMP_ACT_ALLOW") return SCMP_ACT_ALLOW;
  if (name == "SCMP_ACT_ERRNO") return SCMP_ACT_ERRNO(error);
  if (name == "SCMP_ACT_LOG") return SCMP_ACT_LOG;
  if (name == "SCMP_ACT_TRAP") return SCMP_ACT_TRAP;
  if (name == "SCMP_ACT_TRACE") return SCMP_ACT_TRACE(error);
  if (name == "SCMP_ACT_KILL" || name == "SCMP_ACT_KILL_THREAD") return SCMP_ACT_KILL_THREAD;
  if (name == "SCMP_ACT_KILL_PROCESS") return SCMP_ACT_KILL_PROCESS;
  if (name == "SCMP_ACT_NOTIFY") Reject("SCMP_ACT_NOTIFY needs a supervisor, which abishim is not");
  Reject("unknown action '" + name + "'");
}

std::uint32_t ArchOf(const std::string& name) {
  constexpr std::string_view kPrefix = "SCMP_ARCH_";
  std::uint32_t token = 0;
  if (name.starts_with(kPrefix)) {
    std::string short_name = name.substr(kPrefix.size());
    std::transform(short_name.begin(), short_name.end(), short_name.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    token = seccomp_arch_resolve_name(short_name.c_str());
  }
  if (token == 0) Reject("unknown architecture '" + name + "'");
  return token;
}

std::vector<std::uint32_t> ArchesOf(const json& root) {
  const auto listed = Optional<std::vector<std::string>>(root, "architectures", {});
  const json map = Optional<json>(root, "archMap", json::array());
  if (!listed.empty() && !map.empty()) Reject("'architectures' and 'archMap' exclude each other");
  std::vector<std::uint32_t> arches;
  arches.reserve(listed.size());
  for (const std::string& name : listed) arches.push_back(ArchOf(name));
  for (const json& entry : map) {
    if (ArchOf(entry.at("architecture")) != seccomp_arch_native()) continue;
    for (const std::string& name :
         Optional<std::vector<std::string>>(entry, "subArchitectures", {})) {
      arches.push_back(ArchOf(name));
    }
  }
  return arches;
}

bool Holds(std::string_view name, const auto& list) {
  return std::find(std::begin(list), std::end(list), name) != std::end(list);
}

// Docker: a rule holds when everything that `includes` names is there and nothing of `excludes`.
bool Applies(const json& rule, Version kernel) {
  const auto strings = [](const json& object, const char* key) {
    return Optional<std::vector<std::string>>(object, key, {});
  };
  const auto is_native = [](const std::string& arch) { return Holds(arch, kArchNames); };
  const auto is_held = [](const std::string& capability) {
    return Holds(capability, kDockerCapabilities);
  };
  const auto reached = [kernel](const json& object, bool otherwise) {
    const auto min = Optional<std::string>(object, "minKernel", "");
    return min.empty() ? otherwise : kernel >= ParseVersion(min, "minKernel");
  };
  const json includes = Optional<json>(rule, "includes", json::object());
  const json excludes = Optional<json>(rule, "excludes", json::object());
  const auto arches = strings(includes, "arches"), not_arches = strings(excludes, "arches");
  const auto caps = strings(includes, "caps"), not_caps = strings(excludes, "caps");
  return (arches.empty() || std::any_of(arches.begin(), arches.end(), is_native)) &&
         std::none_of(not_arches.begin(), not_arches.end(), is_native) &&
         std::all_of(caps.begin(), caps.end(), is_held) &&
         std::none_of(not_caps.begin(), not_caps.end(), is_held) && reached(includes, true) &&
         !reached(excludes, false);
}

scmp_arg_cmp ConditionOf(const json& argument) {
  static const std::pair<std::string_view, scmp_compare> kOperators[] = {
      {"SCMP_CMP_NE", SCMP_CMP_NE},
      {"SCMP_CMP_LT", SCMP_CMP_LT},
      {"SCMP_CMP_LE", SCMP_CMP_LE},
      {"SCMP_CMP_EQ", SCMP_CMP_EQ},
      {"SCMP_CMP_GE", SCMP_CMP_GE},
      {"SCMP_CMP_GT", SCMP_CMP_GT},
      {"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ},
  };
  const auto index = argument.at("index").get<std::int64_t>();
  if (index < 0 || index > 5) Reject("no argument has index " + std::to_string(index));
  const auto op = argument.at("op").get<std::string>();
  for (const auto& [name, compare] : kOperators) {
    if (name != op) continue;
    // For MASKED_EQ the first value is the mask.
    return {static_cast<unsigned>(index), compare, Optional<std::uint64_t>(argument, "value", 0),
            Optional<std::uint64_t>(argument, "valueTwo", 0)};
  }
  Reject("unknown operator '" + op + "'");
}

// Conditions on different arguments must hold together. Where one argument has several, the engines
// make a rule of each condition of the list, since libseccomp takes one per argument.
std::vector<Conditions> AlternativesOf(const json& rule) {
  Conditions all;
  std::set<unsigned> indices;
  for (const json& argument : Optional<json>(rule, "args", json::array())) {
    all.push_back(ConditionOf(argument));
    indices.insert(all.back().arg);
  }
  if (indices.size() == all.size()) return {all};
  std::vector<Conditions> alternatives;
  for (const scmp_arg_cmp& condition : all) alternatives.push_back({condition});
  return alternatives;
}

Rule RuleOf(const json& rule, std::uint32_t default_errno) {
  auto names = Optional<std::vector<std::string>>(rule, "names", {});
  const auto name = Optional<std::string>(rule, "name", "");
  if (!name.empty() && !names.empty()) Reject("'name' and 'names' exclude each other");
  if (!name.empty()) names.push_back(name);
  if (names.empty()) Reject("a rule without names");
  const std::uint32_t error = ErrnoOf(rule, "errnoRet", default_errno);
  return {std::move(names), ActionOf(rule.at("action"), error), AlternativesOf(rule)};
}

Profile ProfileOf(const json& root, Version kernel) {
  if (!root.is_object()) Reject("not an object");
  const std::uint32_t default_errno = ErrnoOf(root, "defaultErrnoRet", EPERM);
  Profile profile{ActionOf(root.at("defaultAction"), default_errno), ArchesOf(root), {}};
  for (const json& rule : Optional<json>(root, "syscalls", json::array())) {
    Rule made = RuleOf(rule, default_errno);  // malformed is malformed, applicable or not
    if (Applies(rule, kernel)) profile.rules.push_back(std::move(made));
  }
  return profile;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  if (file.peek() != std::ifstream::traits_type::eof()) text << file.rdbuf();
  if (!file.is_open() || file.bad() || text.fail()) {
    throw Failure(kUsage, "--profile: cannot read '" + path + "' (and built in are " +
                              BuiltinProfileNames() + ")");
  }
  return std::move(text).str();
}

}  // namespace

Profile ParseProfile(std::string_view text, const std::string& name, Version kernel) {
  try {
    return ProfileOf(json::parse(text), kernel);
  } catch (const std::exception& error) {  // nlohmann's own, or Reject's, or ParseVersion's
    throw Failure(kUsage, "--profile: " + name + ": " + error.what());
  }
}

Profile LoadProfile(const std::string& name, Version kernel) {
  const std::string_view builtin = BuiltinProfile(name);
  if (!builtin.empty()) return ParseProfile(builtin, name, kernel);
  return ParseProfile(ReadFile(name), name, kernel);
}

}  // namespace abishim::command

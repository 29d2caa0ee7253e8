// The profiles that the command carries with it.
#include "shim/command/builtin_profiles.h"

extern "C" {
extern const char abishim_docker_19_03[], abishim_docker_19_03_end[];
extern const char abishim_docker_20_10_0[], abishim_docker_20_10_0_end[];
extern const char abishim_docker_2026[], abishim_docker_2026_end[];
}

namespace abishim::command {
namespace {

const struct {
  std::string_view name;
  const char *begin, *end;
} kBuiltin[] = {
    {"docker-19.03", abishim_docker_19_03, abishim_docker_19_03_end},
    {"docker-20.10.0", abishim_docker_20_10_0, abishim_docker_20_10_0_end},
    {"docker-2026", abishim_docker_2026, abishim_docker_2026_end},
};

}  // namespace

std::string_view BuiltinProfile(std::string_view name) {
  for (const auto& profile : kBuiltin) {
    if (profile.name == name) return {profile.begin, profile.end};
  }
  return {};
}

std::string BuiltinProfileNames() {
  std::string names;
  for (const auto& profile : kBuiltin) {
    if (!names.empty()) names += ", ";
    names += profile.name;
  }
  return names;
}

}  // namespace abishim::command

// The profiles that the command carries with it: the user has no source tree.
#pragma once

#include <string>
#include <string_view>

namespace abishim::command {

// The JSON text, empty when there is no such profile.
std::string_view BuiltinProfile(std::string_view name);

// "docker-19.03, docker-20.10.0, docker-2026"
std::string BuiltinProfileNames();

}  // namespace abishim::command

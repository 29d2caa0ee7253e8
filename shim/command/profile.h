// A seccomp profile of the OCI or of the Docker form, resolved for one container on one kernel.
#pragma once

#include <seccomp.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tables/row.h"

namespace abishim::command {

using Conditions = std::vector<scmp_arg_cmp>;  // all of them must hold; none: always

struct Rule {
  std::vector<std::string> names;
  std::uint32_t action;
  std::vector<Conditions> alternatives;  // one of them must hold
};

struct Profile {
  std::uint32_t default_action;
  std::vector<std::uint32_t> arches;  // SCMP_ARCH_*; the native one is always filtered
  std::vector<Rule> rules;
};

// `name` is a built-in profile or the path of a JSON file. Conditions on the kernel's version are
// decided for `kernel`, those on capabilities for the set that Docker gives a container that asks
// for nothing (no CAP_SYS_ADMIN): the built-in profiles are resolved for that set too.
Profile LoadProfile(const std::string& name, Version kernel);

// The same from the text itself; `name` words the messages.
Profile ParseProfile(std::string_view json, const std::string& name, Version kernel);

}  // namespace abishim::command

// abishim doctor: what this host answers, and what the shim would do about it.
#pragma once

#include <string>

namespace abishim::command {

struct DoctorOptions {
  bool older = false;  // for a user space of another time
  std::string policy;  // empty: ABISHIM_POLICY, else translate
  bool json = false;
};

int Doctor(const DoctorOptions& options);

}  // namespace abishim::command

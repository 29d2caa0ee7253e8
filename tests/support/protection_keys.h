// Whether this CPU has memory protection keys: the rows of pkey_* answer as on one that has none.
#pragma once

#include <fstream>
#include <string>

namespace abishim::test {

inline bool HasProtectionKeys() {
  std::ifstream cpus("/proc/cpuinfo");
  for (std::string word; cpus >> word;) {
    if (word == "ospke") return true;
  }
  return false;
}

}  // namespace abishim::test

// Does ld.so start this program, and with it what LD_PRELOAD names?
#pragma once

#include <string>

namespace abishim::command {

// A program of this architecture that names no interpreter. (Not a script, nor what cannot be
// read.)
bool IsStatic(const std::string& path);

}  // namespace abishim::command

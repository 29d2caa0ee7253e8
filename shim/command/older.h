// A program of another time, told by its file before it is started.
#pragma once

#include <string>

namespace abishim::command {

// Does it call what every kernel of today lacks? A dynamic one by its C library (glibc
// before 2.15), a static one by its ABI note (made for kernels before 3.2). Scripts by their
// interpreter.
bool IsOlder(const std::string& path);

}  // namespace abishim::command

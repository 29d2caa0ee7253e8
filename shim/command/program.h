// The program that `run` becomes: where it is, and how it is started.
#pragma once

#include <string>
#include <vector>

namespace abishim::command {

// What execvp would start for `name`, looked up before any filter stands. A Failure with 127 when
// there is nothing, with 126 when what is there cannot be executed (a directory, no permission, a
// binary that is in no format).
std::string FindProgram(const std::string& name);

// Becomes the program by way of the library, which takes the shim along. Comes back when the
// library cannot be executed where it lies. Throws the Failure of any other error.
void BecomeShimmed(const std::string& library, const std::string& path,
                   const std::vector<std::string>& arguments);

// Becomes the program. Like execvp, a text file without #! is given to /bin/sh. Throws the Failure
// of the exec.
[[noreturn]] void Become(const std::string& path, const std::vector<std::string>& arguments);

}  // namespace abishim::command

// The library that belongs to the command.
#pragma once

#include <string>

namespace abishim::command {

// Beside the command (a build tree), where packages put it, where a layer puts it: the path of the
// first that is there. Else a Failure.
std::string FindLibrary();

}  // namespace abishim::command

// execve and execveat as the kernel has them.
#pragma once

#include "shim/exec/loader.h"

namespace abishim::exec {

// The call through the gate, with the mask of our handler.
long MakeCall(const Request& request);

// The call as the program made it: the image does not come along. Gives -errno, or does not return.
long Plain(const Request& request);

}  // namespace abishim::exec

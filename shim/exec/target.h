// What must be known of a program before the old one is gone.
#pragma once

#include "shim/exec/loader.h"

namespace abishim::exec {

enum class Target : unsigned char {
  kOurs,        // the image can be carried into it; or the kernel shall say why it cannot run
  kForeign,     // of another architecture: left alone
  kCollides,    // it wants to lie where the image does
  kUnreadable,  // ptrace could not write into it
};

// Opens files: to be called with a file table of one's own, as closing a descriptor of a file drops
// the POSIX locks that its process holds.
Target Look(const Request& request);

}  // namespace abishim::exec

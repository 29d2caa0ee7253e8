// The file behind a descriptor, by name.
#pragma once

#include "tables/translate/proc_fd.h"

namespace abishim::exec {

struct FdPath {  // "/proc/self/fd/N", of a process that has one thread
  char text[32];
  explicit FdPath(long fd) {
    char* end = translate::proc_fd::Append(text, "/proc/self/fd/");
    *translate::proc_fd::Append(end, static_cast<unsigned>(fd)) = '\0';
  }
};

}  // namespace abishim::exec

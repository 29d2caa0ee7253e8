// The file behind a descriptor, by name.
#pragma once

#include "tables/text.h"

namespace abishim::exec {

struct FdPath {  // "/proc/self/fd/N", of a process that has one thread
  char text[32];
  explicit FdPath(long fd) {
    char* end = text::Append(text, "/proc/self/fd/");
    *text::Append(end, static_cast<Word>(fd)) = '\0';
  }
};

}  // namespace abishim::exec

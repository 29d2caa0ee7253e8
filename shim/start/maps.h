// What /proc/self/maps says about this process.
#pragma once

#include "tables/result.h"

namespace abishim::start {

// One line of it.
struct Mapping {
  Word start, end, offset, inode;
  bool readable, writable, executable, is_private;
  const char* path;  // as the file says it: no name, a name in brackets, one that ends in (deleted)
};
// Calls each(context, mapping) for all; `buffer` holds lines while they are read, and must have
// room for the longest. -errno when the file cannot be read.
long ForEachMapping(char* buffer, Word size, void (*each)(void* context, const Mapping&),
                    void* context);

}  // namespace abishim::start

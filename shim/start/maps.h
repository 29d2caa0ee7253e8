// What /proc/self/maps says about this process, read once.
#pragma once

#include "tables/result.h"

namespace abishim::start {

struct Maps {
  char path[4096];  // the file that `self` is mapped from; empty if it cannot be told
  Word inode;
};

void ReadMaps(Word self, Maps* maps);

}  // namespace abishim::start

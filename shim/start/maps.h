// What /proc/self/maps says about this process, read once.
#pragma once

#include "tables/result.h"

namespace abishim::start {

struct Maps {
  char path[4096];  // the file that `self` is mapped from; empty if it cannot be told
  Word inode;
  bool old_glibc;  // older than 2.34: its libpthread initialises before us
};

void ReadMaps(Word self, Maps* maps);

}  // namespace abishim::start

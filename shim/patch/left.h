// What a scan patched and what it left, in one line of the log.
#pragma once

#include "shim/patch/attempt.h"

namespace abishim::patch {

struct Left {
  int sites = 0, pages = 0;  // patched
  int shared = 0;            // of the sites: those that take any number, as in libc's syscall()
  int shapes = 0;            // sites that load a planned number, with other instructions in between
  int others = 0;            // that cross a page, or could not be written
  int mappings = 0;          // executable ones that are no file's text
  bool unreadable = false;   // /proc, or no thread to be had
  bool has_site[arch::kNumbers] = {};

  void Patched(long nr);
  int Sum() const { return shapes + others + mappings + unreadable; }
  // `wanted`: by number, which calls are served.
  void Log(const unsigned char* wanted) const;
};

}  // namespace abishim::patch

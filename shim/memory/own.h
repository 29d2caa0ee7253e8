// Our own memory, where it is not writable.
#pragma once

#include "tables/result.h"

namespace abishim::memory {

// Writes pages that are not writable, as a debugger does: by /proc/self/mem, which is open for as
// long as this lives.
class Own {
 public:
  Own();
  ~Own();
  Own(const Own&) = delete;
  Own& operator=(const Own&) = delete;
  // All of it or -errno, that of the opening included.
  long Write(Word at, const void* bytes, Word size) const;

 private:
  long fd_;
};

}  // namespace abishim::memory

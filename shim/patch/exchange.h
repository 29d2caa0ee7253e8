// A page of text is exchanged for one that has a jump in it, at once and for all threads.
#pragma once

#include "patch_site.h"  // arch/ARCH
#include "shim/patch/find.h"

namespace abishim::patch {

// Writes pages that are not writable, as a debugger does.
class Memory {
 public:
  Memory();
  ~Memory();
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  bool Write(Word at, const void* bytes, Word size) const;

 private:
  long fd_;
};

// Puts the jump at `at`, which is in `text`, and not across the end of a page. False: nothing was
// changed.
bool Exchange(const Memory& memory, const Text& text, Word at, const arch::Jump& jump);

}  // namespace abishim::patch

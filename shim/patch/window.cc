#include "shim/patch/window.h"

#include "shim/memory/host.h"
#include "shim/memory/pages.h"

namespace abishim::patch {
namespace {

bool Copy(unsigned char* to, Word from, Word bytes) {
  return abishim_copy(to, reinterpret_cast<const void*>(from), bytes) == 0;
}

}  // namespace

bool ReadWindow(Word end, unsigned char (&to)[arch::kSiteWindow], int* unknown) {
  const Word window = end - sizeof(to), page = memory::PageOf(end - 1);
  *unknown = 0;
  if (Copy(to, window, sizeof(to))) return true;
  if (page <= window) return false;
  *unknown = static_cast<int>(page - window);
  return Copy(to + *unknown, page, sizeof(to) - static_cast<Word>(*unknown));
}

}  // namespace abishim::patch

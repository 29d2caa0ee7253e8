// with: -lunwind
// libunwind out of a handler that came during a patched call. It knows signal frames by their
// description alone, so where one of abishim's own is in between it ends: a stated limit, and the
// numbers are printed. (By itself, as it brings functions of libgcc's names.)
#define UNW_LOCAL_ONLY
#include <libunwind.h>

#include "stacks.h"

namespace {

bool Find() {
  unw_context_t context;
  unw_cursor_t cursor;
  if (unw_getcontext(&context) != 0 || unw_init_local(&cursor, &context) != 0) return false;
  for (int i = 0; i < 64 && unw_step(&cursor) > 0; ++i) {
    unw_word_t at;
    unw_get_reg(&cursor, UNW_REG_IP, &at);
    if (InLoop(reinterpret_cast<void*>(at))) return true;
  }
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 2 ? atof(argv[2]) : 3;
  const long least = IsPatchedWay(argc, argv) ? 0 : 99;
  Watchdog(static_cast<int>(seconds) + 60);
  Begin(Find);
  Stacks("in the program", 2, seconds / 3, 99);
  Stacks("in several steps", 1, seconds / 3, least);
  Stacks("in one", 0, seconds / 3, least);
  return Done();
}

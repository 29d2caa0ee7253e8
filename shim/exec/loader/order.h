// What the loader is told by the process that executes it: one more string at the end of the
// environment, which the program does not get to see.
#pragma once

#include "registers.h"  // arch/ARCH
#include "tables/result.h"

namespace abishim::exec {

struct Order {
  Word mask = 0;         // the program's, its view of SIGSYS included
  Word ignored = 0;      // of our signals, those that the program ignores
  Word program = 0;      // descriptors, to be closed by the loader
  Word interpreter = 0;  // ~0: none
  bool pending = false;  // a SIGSYS waits for the program to unblock it
  arch::Siginfo sigsys = {};
  // shim/start/settings.h.
  const char* log = "";
  const char* stats = "";
  const char* library = "";
  const char* release = "";
  const char* kept = "";  // shim/sandbox/kept.h, as text
  const char* name = "";  // AT_EXECFN
};

inline constexpr Word kOrderBytes = 4096 + 3 * 512 + 65 + 528;  // without `kept`

// Writes it as an environment entry. False: it does not fit.
bool Encode(const Order& order, char* entry, Word size);
// Is this such an entry (null: no)?
bool IsOrder(const char* entry);
// Reads one back, in place: the strings are cut out of the entry. False: this is none.
bool Decode(char* entry, Order* order);

}  // namespace abishim::exec

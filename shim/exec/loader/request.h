// What the loader is told by the process that executes it: one more string at the end of the
// environment, which the program does not get to see.
#pragma once

#include "tables/result.h"

namespace abishim::exec {

struct Order {
  Word mask = 0;         // the program's, its view of SIGSYS included
  Word ignored = 0;      // of our signals, those that the program ignores
  Word program = 0;      // descriptors, to be closed by the loader
  Word interpreter = 0;  // ~0: none
  const char* name = nullptr;  // AT_EXECFN
};

inline constexpr Word kOrderBytes = 4096 + 32 + 128;

// Writes it as an environment entry.
void Encode(const Order& order, char (&entry)[kOrderBytes]);
// Reads one back; `name` points into it. False: this is none.
bool Decode(const char* entry, Order* order);

}  // namespace abishim::exec

// What goes before a filter of the program's own.
#pragma once

#include <linux/filter.h>

#include "tables/result.h"

namespace abishim::sandbox {

inline constexpr unsigned kPrefixMost = 28;

// Asks whether the thread carries kept filter n: prctl(kMagicKept, n). The prefix of that filter
// answers with this errno, those of the others let the question pass, and a kernel that finds no
// such filter says EINVAL.
inline constexpr Word kMagicKept = 0x61626974;  // "abit"; no prctl option of any kernel
inline constexpr unsigned kCarried = 0x401;     // an errno of no kernel

// As a number: any of them.
inline constexpr Word kAny = 0xffff;

// Writes the prefix of filter `number`, which is followed by a program that begins with `first`.
// Gives its length.
unsigned WritePrefix(unsigned number, const sock_filter& first, sock_filter* to);

}  // namespace abishim::sandbox

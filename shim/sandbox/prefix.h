// What is installed in place of a filter of the program's own: the filter itself between a prefix
// and a suffix.
//
// The prefix lets our rt_sigreturn through and answers the question below. The suffix, which one
// for all threads (TSYNC) has, is where its refusals go. A call that a translation has the
// program's own instruction make was judged before this filter came, perhaps: so what it refuses of
// those comes to us first, and whether it kills, or says an errno, or nobody ever made that call,
// is told there (guard.h). Made through the gate, it says what it says.
#pragma once

#include <linux/filter.h>

#include "tables/result.h"

namespace abishim::sandbox {

inline constexpr unsigned kAround = 144;          // what prefix and suffix may add
inline constexpr unsigned kLongestFilter = 4096;  // BPF_MAXINSNS

// Asks whether the thread carries kept filter n: prctl(kMagicKept, n). The prefix of that filter
// answers with this errno, those of the others let the question pass, and a kernel that finds no
// such filter says EINVAL.
inline constexpr Word kMagicKept = 0x61626974;  // "abit"; no prctl option of any kernel
inline constexpr unsigned kCarried = 0x401;     // an errno of no kernel

// As a number: any of them.
inline constexpr Word kAny = 0xffff;

// The calls that translations have the program's own instruction make in place of another one.
bool IsReexecuted(long nr);

// Writes what is installed for kept filter `number`; `to` has room for kAround more. Its length.
unsigned Compose(unsigned number, bool all_threads, const sock_filter* given, unsigned length,
                 sock_filter* to);

}  // namespace abishim::sandbox

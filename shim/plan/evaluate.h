// What would the kernel's seccomp say? Runs a classic BPF program over a made-up call.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>

namespace abishim {

// The program is one that the kernel would admit; on anything else the answer is that of the
// kernel's own worst case, 0 (SECCOMP_RET_KILL_THREAD).
unsigned Evaluate(const sock_filter* program, unsigned length, const seccomp_data& data);

}  // namespace abishim

// The outer filter: what makes this host answer like an older kernel, or an older container engine.
//
// It is a seccomp filter like that of a container engine and stands before abishim's own, so that
// the kernel enforces it and the shim cannot cheat.
#pragma once

#include <linux/filter.h>

#include <string>
#include <vector>

#include "shim/command/older_kernel.h"
#include "shim/command/profile.h"

namespace abishim::command {

using Program = std::vector<sock_filter>;

// ENOSYS for every call that `kernel` lacks, and what it had to say to the flags that it lacks of
// the others. `traced`: a tracer takes out what it ignored (trace.h); else that goes to the host as
// it is. Calls of other architectures (int 0x80) pass.
inline constexpr std::uint16_t kTraceFlags = 0xab;  // what the filter tells the tracer
Program PretendKernel(const OlderKernel& kernel, bool traced);

// ENOSYS for these calls. A Failure for a name that is no call's.
Program Without(const std::vector<std::string>& names);

// The profile as a container engine compiles it.
Program CompileProfile(const Profile& profile);

// Whether a program lets a call of ours through (its arguments aside).
bool Allows(const Program& program, int number);

// Installs the programs for this process and what it execs, the first one first: of equally strong
// answers the kernel takes that of the newest filter. NO_NEW_PRIVS is set where the kernel asks for
// it (without CAP_SYS_ADMIN). A Failure says which step the host refused.
void Install(const std::vector<Program>& programs);

}  // namespace abishim::command

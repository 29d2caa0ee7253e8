// The words that probe, plan and filter have in common.
#pragma once

namespace abishim {

// Makes a system call; gives what the kernel put into the result register (-errno on error). The
// rooms of the plan reach the kernel in no other way: no libc, no errno.
using RawCall = long (*)(long nr, long a, long b, long c, long d, long e, long f);

// What the host said when it was asked for a call.
enum class Answer : unsigned char {
  kNotAsked,  // its answer would change nothing, or could not be had
  kWorks,
  kMissing,  // ENOSYS; of a flag EINVAL
  kDenied,   // EPERM or EACCES of a seccomp profile that is older than the call
  kKills,    // the process: cannot be helped by anyone
  kWrong,    // something else sits at this number: a success that cannot be, an errno out of place
};

// What happens to a call, cheapest first.
enum class Verdict : unsigned char {
  kPass,       // the host's own call, untouched
  kRepair,     // ENOSYS, by the kernel itself: what callers fall back on
  kTranslate,  // trapped and translated
};

enum class Policy : unsigned char { kTranslate, kRepair };

}  // namespace abishim

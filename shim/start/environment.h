// What the user said (ABISHIM_*), and what the kernel said about the machine.
#pragma once

#include "shim/plan/verdict.h"
#include "shim/start/settings.h"
#include "tables/result.h"

namespace abishim::start {

enum class Older : unsigned char { kLook, kYes, kNo };

struct Environment {
  bool off = false;                    // ABISHIM=off
  Policy policy = Policy::kTranslate;  // ABISHIM_POLICY=translate|repair
  const char* log = nullptr;           // ABISHIM_LOG=FILE, "-": standard error
  const char* told = nullptr;          // the same, or standard error for who asked by `abishim run`
  const char* stats = nullptr;         // ABISHIM_STATS=FILE, as `abishim run --stats` makes it
  const char* release = nullptr;       // ABISHIM_UNAME=RELEASE
  ExecWay exec = ExecWay::kAny;        // ABISHIM_EXEC=carry|loader
  Mode mode = Mode::kPatched;          // ABISHIM_MODE=patched|trap|eager|patch
  Older older = Older::kLook;          // ABISHIM_OLDER=1|0
  Word frame_bytes = 0;                // AT_MINSIGSTKSZ
  Word vdso = 0;                       // AT_SYSINFO_EHDR
  Word segments = 0;                   // AT_PHDR, and AT_PHNUM of them
  Word segment_count = 0;
  const char* complaint = nullptr;  // a variable with a value that is not understood
};

// From the arguments of a constructor where the libc gives them (glibc), else from /proc (musl):
// then the strings lie in `buffer`. In secure-execution mode the variables are ignored.
Environment ReadEnvironment(Word argc, Word argv, Word envp, char* buffer, Word size);

}  // namespace abishim::start

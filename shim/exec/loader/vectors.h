// argv and envp of an execve, as the program gave them and as the loader's must be.
#pragma once

#include "tables/result.h"

namespace abishim::exec {

// The number of pointers before the null; -EFAULT, or -E2BIG where no kernel would take so many.
// A null array is an empty one.
long CountPointers(Word array);

// Room for both; on the stack where it is enough for them, else mapped. A vfork child that goes on
// to execute leaves a mapping behind in its parent's memory, which nobody can then give back.
class Vectors {
 public:
  Vectors() = default;
  ~Vectors();
  Vectors(const Vectors&) = delete;
  Vectors& operator=(const Vectors&) = delete;

  // argv with `fronts` strings in place of its first (none: as it is), envp with one more. 0 or
  // -errno.
  long Build(Word argv, Word envp, const char* const* front, int fronts, const char* more);
  const Word* argv() const { return argv_; }
  const Word* envp() const { return envp_; }

 private:
  static constexpr Word kHere = 1536;

  long Reserve(Word words);

  Word here_[kHere];
  Word* room_ = here_;
  Word mapped_ = 0;  // bytes
  const Word* argv_ = nullptr;
  const Word* envp_ = nullptr;
};

}  // namespace abishim::exec

// The first stack of a program, as the kernel made it for the loader and as the program shall see
// it.
#pragma once

#include "shim/exec/loader/map.h"

namespace abishim::exec {

class Stack {
 public:
  explicit Stack(Word* start);

  Word* start() const { return start_; }
  Word argc() const { return *start_; }
  char** argv() const { return reinterpret_cast<char**>(start_ + 1); }
  char** envp() const { return argv() + argc() + 1; }
  // The last string of the environment; null if there is none.
  char* last() const;
  // 0 where the vector has no such entry.
  Word Aux(Word tag) const;

  // Takes the last entry of the environment out of the vectors.
  void DropLast();
  // Tells the program of itself; `base`: of its interpreter, 0 if it has none.
  void Describe(const Elf& elf, const Mapped& program, Word base, const char* name);

  Word* auxv() const { return auxv_; }
  Word auxv_words() const;

 private:
  Word* Find(Word tag) const;

  Word* start_;
  Word* auxv_;
};

}  // namespace abishim::exec

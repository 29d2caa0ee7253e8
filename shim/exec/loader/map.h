// A program mapped as the kernel maps it.
#pragma once

#include "shim/exec/check/elf.h"

namespace abishim::exec {

// Where it came to lie.
struct Mapped {
  Word bias = 0;  // what its own addresses are off by
  Word entry = 0, headers = 0;
  Word code = 0, code_end = 0, data = 0, data_end = 0, end = 0;
};

enum class Place : unsigned char {
  kProgram,      // where programs with an interpreter lie
  kStatic,       // among the mappings: a program without one that runs at any address
  kInterpreter,  // the same, but for its alignment
};

// What the kernel would answer by SIGSEGV is an -errno here.
long MapElf(int fd, const Elf& elf, Place place, Mapped* mapped);

}  // namespace abishim::exec

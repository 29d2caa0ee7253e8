#include "shim/exec/loader/stack.h"

#include <linux/auxvec.h>

namespace abishim::exec {

Stack::Stack(Word* start) : start_(start) {
  char** at = envp();
  while (*at != nullptr) ++at;
  auxv_ = reinterpret_cast<Word*>(at + 1);
}

char* Stack::last() const {
  auto* end = reinterpret_cast<char**>(auxv_) - 1;
  return end > envp() ? end[-1] : nullptr;
}

Word* Stack::Find(Word tag) const {
  for (Word* at = auxv_; at[0] != AT_NULL; at += 2) {
    if (at[0] == tag) return at + 1;
  }
  return nullptr;
}

Word Stack::Aux(Word tag) const {
  const Word* value = Find(tag);
  return value != nullptr ? *value : 0;
}

Word Stack::auxv_words() const {
  Word words = 2;
  for (const Word* at = auxv_; at[0] != AT_NULL; at += 2) words += 2;
  return words;
}

// The stack pointer must stay as it is, aligned as the kernel aligned it: so what lies above moves
// down, the terminating null of the environment and the auxiliary vector.
void Stack::DropLast() {
  Word* null = auxv_ - 1;
  const Word words = auxv_words() + 1;
  __builtin_memmove(null - 1, null, words * sizeof(Word));
  --auxv_;
}

void Stack::Describe(const Elf& elf, const Mapped& program, Word base, const char* name) {
  const Word entries[][2] = {
      {AT_PHDR, program.headers},     {AT_PHENT, sizeof(Elf64_Phdr)},
      {AT_PHNUM, elf.header.e_phnum}, {AT_BASE, base},
      {AT_ENTRY, program.entry},      {AT_EXECFN, reinterpret_cast<Word>(name)}};
  for (const auto& entry : entries) {
    if (Word* value = Find(entry[0])) *value = entry[1];
  }
}

}  // namespace abishim::exec

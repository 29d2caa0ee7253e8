#include "shim/deliver/fault.h"

namespace abishim::deliver {

bool FaultInCopy(arch::Ucontext* u) {
  const auto access = reinterpret_cast<unsigned long>(abishim_copy_access);
  const auto word = reinterpret_cast<unsigned long>(abishim_copy_word);
  const unsigned long pc = arch::ProgramCounter(*u);
  // A word is copied anew byte by byte: the first of them may be there.
  if (pc - word < reinterpret_cast<unsigned long>(abishim_copy_word_end) - word) {
    arch::SetProgramCounter(u, access);
    return true;
  }
  if (pc != access) return false;
  arch::SetProgramCounter(u, reinterpret_cast<unsigned long>(abishim_copy_resume));
  return true;
}

}  // namespace abishim::deliver

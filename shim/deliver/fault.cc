#include "shim/deliver/fault.h"

namespace abishim::deliver {

bool FaultInCopy(arch::Ucontext* u) {
  if (arch::ProgramCounter(*u) != reinterpret_cast<unsigned long>(abishim_copy_access))
    return false;
  arch::SetProgramCounter(u, reinterpret_cast<unsigned long>(abishim_copy_resume));
  return true;
}

}  // namespace abishim::deliver

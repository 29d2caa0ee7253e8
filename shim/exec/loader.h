// execve without ptrace: by abishim's own loader.
#pragma once

#include "registers.h"  // arch/ARCH
#include "tables/result.h"

namespace abishim::exec {

// An execve or execveat as the program made it.
struct Request {
  Word path, argv, envp;  // program memory
  int directory = -100;   // AT_FDCWD; execveat's otherwise
  int flags = 0;          // execveat's
  bool by_path = true;    // execve
  // The trap's frame: the program's mask is in it, and (shim/signals) its view of SIGSYS.
  const arch::Ucontext* frame = nullptr;
};

// execve by the loader; gives -errno, or does not return. Called in the handler of SIGSYS, every
// signal but SIGSYS, SIGSEGV and SIGBUS blocked; perhaps in a vfork child, whose memory is its
// parent's.
long ByLoader(const Request& request);

}  // namespace abishim::exec

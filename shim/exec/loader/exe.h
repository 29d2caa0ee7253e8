// /proc/self/exe of a program that the loader started names the loader, as the kernel sees it. What
// asks by readlink or readlinkat gets the program's path; exec of it means the program, too. (open
// and stat of the link itself still lead to the loader: trapping every open would cost too much.)
#pragma once

#include "registers.h"  // arch/ARCH
#include "tables/result.h"

namespace abishim::exec {

// Called by the loader with the program's open file: from now on these two calls are trapped in
// this process and in whatever comes of it. Where a filter cannot be added without a promise
// (NO_NEW_PRIVS) that the program has not made, they are not.
void ShowProgram(long fd);

// The control of readlink(2) and readlinkat(2).
void ReadLink(arch::Ucontext* u, long nr, const Args& args);

// The program's path, if this process was started by the loader and the name leads to the loader,
// or to a copy of it; else null. (crun and runc execute a sealed copy, or a read-only mount, of
// what /proc/self/exe is before they enter a container.)
const char* ProgramBehind(int directory, Word path, int flags);

}  // namespace abishim::exec

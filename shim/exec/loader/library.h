// How the loader is reached: it is the library itself, executed.
#pragma once

#include "tables/result.h"

namespace abishim::exec {

// Executes the library: its installed path (Settings::library); a memfd with a copy; a nameless
// file on the first file system that lets files be executed. Gives -errno: E2BIG and the like as
// they are, EACCES where there was no way.
long ExecuteLibrary(const Word* argv, const Word* envp);

}  // namespace abishim::exec

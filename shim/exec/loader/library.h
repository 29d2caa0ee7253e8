// How the loader is reached: it is the library itself, executed.
#pragma once

#include "tables/result.h"

namespace abishim::exec {

// Executes the library: its installed path (Settings::library); a memfd with a copy; a nameless
// file on the first file system that lets files be executed; where there is no /proc to execute
// that, one with a name, which the loader removes. Gives -errno: E2BIG and the like as they are,
// EACCES where there was no way.
long ExecuteLibrary(const Word* argv, const Word* envp);

// In the loader: removes the file that it was executed by, if it is one that was made for that.
void RemoveCopy(const char* name);

}  // namespace abishim::exec

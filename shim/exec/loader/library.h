// Where the library's file is, for processes that shall be executed by it.
#pragma once

#include "tables/result.h"

namespace abishim::exec {

// As the process that mapped it saw it; another root may show something else, or nothing, there.
void SetLibrary(const char* path);
const char* Library();
// The same in a process that the library was executed for, by `name`.
void SetLibraryOfLoader(const char* name);

// Executes the library: its installed path; a memfd with a copy; a nameless file on the first file
// system that lets files be executed. Gives -errno: E2BIG and the like as they are, EACCES where
// there was no way.
long ExecuteLibrary(const Word* argv, const Word* envp);

}  // namespace abishim::exec

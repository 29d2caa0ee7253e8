// The first line of a script, as the kernel reads it.
#pragma once

#include "tables/result.h"

namespace abishim::exec {

// How much of a file the kernel looks at before it knows what it is (128 before 5.1).
inline constexpr Word kHeadBytes = 256;

struct ScriptLine {
  const char* interpreter;
  const char* argument;  // the rest of the line, one argument; null: none
};

// `head`: the first bytes of the file, zeros behind its end. The words are cut out in place. 0;
// -ENOEXEC if this is no script, or one whose interpreter cannot be told.
long ParseScript(char (&head)[kHeadBytes], ScriptLine* line);

}  // namespace abishim::exec

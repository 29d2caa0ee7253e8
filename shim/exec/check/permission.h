// May this process execute that file? Asked of the kernel itself wherever it can be asked.
#pragma once

#include "tables/kernel.h"

namespace abishim::exec {

// A file as execveat(2) names it. `path` is program memory or ours.
struct Name {
  int directory;
  Word path;
  int flags;  // AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW
};

// What the kernel would say to an execve of this one file before it looks at its contents: 0, or
// -EACCES, -ENOENT, -ELOOP, -ETXTBSY... Never executes anything.
//
// By AT_EXECVE_CHECK (6.14). Else by an execve whose argv is a bad pointer, which up to 5.7 and
// from 6.8 on is looked at after the file was opened for execution: EFAULT then means yes. These
// two see what Landlock, a noexec mount and a writer (ETXTBSY) forbid. In between, by the
// permission for the effective ids and the mount, and never after landlock_restrict_self; a writer
// is seen by the file's owner, else it is let through.
long MayExecute(const Kernel& kernel, const Name& name);

}  // namespace abishim::exec

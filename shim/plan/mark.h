// What must be known of a thread and of all that comes of it, over fork and exec, and that nobody
// but the kernel can hand on so: a filter of three answers, which say yes to a question of ours.
#pragma once

#include "shim/plan/verdict.h"
#include "tables/result.h"

namespace abishim {

enum class Mark : Word {  // prctl(kMagic, this); the questions of question.h are small numbers
  kReadLink = 0x100,      // readlink and readlinkat are trapped: shim/exec/loader/exe.h
  kRestricted = 0x101,    // under Landlock, where the kernel could not be asked (before 6.8)
};
inline constexpr unsigned kMarked = 0x400;  // the errno that says yes

bool IsMarked(RawCall call, Mark mark);
// 0 or -errno. Never with NO_NEW_PRIVS if the thread has not promised that.
long SetMark(RawCall call, Mark mark);

}  // namespace abishim

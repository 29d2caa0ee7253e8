// How far program memory can be read or written, asked of the kernel: where no handler of ours
// catches the fault.
#pragma once

#include "tables/result.h"

namespace abishim::memory {

// So many bytes from there on. Another thread may take them away in the next moment.
Word Readable(Word from, Word bytes);
Word Writable(Word to, Word bytes);

}  // namespace abishim::memory

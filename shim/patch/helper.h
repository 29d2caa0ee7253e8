// A thread of the moment, with files of its own.
#pragma once

namespace abishim::patch {

// Runs function(argument) there and waits for it. False: there was none to be had.
//
// What it opens and closes is not seen in the program's file table: no number is taken from under
// another thread, no lock on a file is lost by a close, and nobody's child inherits a way into this
// memory. (A thread and no process: that would be the first one of a new pid namespace, if the
// program has just made one, and end it.)
bool WithOwnFiles(void (*function)(void*), void* argument);

}  // namespace abishim::patch

// The helpers that are at work for threads of this memory. An exec ends the other threads of its
// process, and whoever of them was about to exec, too, leaves a helper that nobody reaps.
#pragma once

#include "shim/exec/handover.h"

namespace abishim::exec {

struct Flight;

// A place for a helper of process `pid`; null when there is none left, which costs a zombie at
// worst.
Flight* Board(int pid);
// Where clone(2) is to write the helper's id, before anybody else can run.
int* HelperOf(Flight* flight);
void Leave(Flight* flight);

// Process `pid` has become another program: its other helpers go into the handover, and all their
// places are free again.
void CollectFlights(int pid, Handover* handover);

}  // namespace abishim::exec

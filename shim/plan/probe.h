// What does this host really answer? Versions lie: vendors backport, profiles deny.
#pragma once

#include "shim/plan/asked.h"

namespace abishim {

// True also when it cannot be told: to be careful costs a fork, to be careless the process.
bool FilterInForce(RawCall call);

// clone(2); the child calls function(argument) on its own stack, and it does not come back.
using Spawn = long (*)(long flags, void* stack_top, void (*function)(void*), void* argument,
                       int* id);

// Asks for every call, and every flag, whose answer could change the plan; the others stay
// kNotAsked, and with them those that only an `older` user space may call. With a filter in force a
// child asks, since a filter may kill: one in the same memory where `spawn` can make it and there
// is no other thread, else a copy. Blocks no signal, leaves no child, no memory and no descriptor.
// Gives 0, or the -errno for which (some of) the questions could not be asked: those stay
// kNotAsked, hence PASS.
long Probe(RawCall call, Answers* answers, bool older = false, Spawn spawn = nullptr);

}  // namespace abishim

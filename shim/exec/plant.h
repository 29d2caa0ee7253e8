// The work at the exec stop: the image into the new program.
#pragma once

#include "shim/exec/job.h"

namespace abishim::exec {

// The task stands where its new program begins, not an instruction of which has run. When this
// returns it may be let go: at the image's agent, or, where that could not be, as it was.
void Plant(Job* job, long pid);

}  // namespace abishim::exec

// Until there is a loader: the program runs without the image. What is dynamic gets it by
// LD_PRELOAD.
#include "shim/exec/loader.h"
#include "shim/exec/plain.h"

namespace abishim::exec {

long ByLoader(const Request& request) { return Plain(request); }

}  // namespace abishim::exec

// Where would a child live?
#pragma once

namespace abishim::exec {

// After unshare(CLONE_NEWPID) or setns a thread's next child is the first process of another pid
// namespace, which ends with it: a helper must not be that child.
bool ChildrenLiveElsewhere();

}  // namespace abishim::exec

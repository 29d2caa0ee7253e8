#include "shim/exec/job.h"

#include <linux/futex.h>
#include <linux/time_types.h>

#include "shim/memory/host.h"

namespace abishim::exec {

void Change(Job* job, State from, State to) {
  int expected = from;
  if (!job->state.compare_exchange_strong(expected, to)) return;
  HostCall<"futex">(&job->state, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
}

void Await(Job* job, State from) {
  const __kernel_timespec while_ = {0, 200'000'000};
  HostCall<"futex">(&job->state, FUTEX_WAIT_PRIVATE, from, &while_, 0, 0);
}

}  // namespace abishim::exec

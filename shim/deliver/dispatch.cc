#include "shim/deliver/dispatch.h"

#include "shim/memory/stacks.h"
#include "tables/flags.h"

namespace abishim::deliver {
namespace {

constexpr SlimTable Slimmed() {
  SlimTable slim{};
  for (const Row& row : kSyscalls) {
    const int nr = arch::NumberIn(row.nr);
    if (nr >= 0 && row.when_missing != nullptr) {
      slim.of[nr] = {.translate = row.when_missing, .big_stack = row.big_stack, .patch = row.patch};
    }
  }
  for (const Flag& flag : kFlags) {
    const int nr = arch::NumberIn(FindRow(flag.call)->nr);
    if (nr >= 0 && flag.when_missing != nullptr) slim.of[nr].with_flag = flag.when_missing;
  }
  return slim;
}

struct Job {
  Translation* translate;
  Kernel* kernel;
  const Args* args;
  Result result = Result(0);
};

void Do(void* at) {
  auto* job = static_cast<Job*>(at);
  job->result = job->translate(*job->kernel, *job->args);
}

}  // namespace

constinit const SlimTable kSlim = Slimmed();

// At a patched site handlers are kept out first: one that never returned would take the stack
// along.
Result RunSomewhere(const Room& room, Translation* translate, Kernel* kernel, const Args& args) {
  Job job{translate, kernel, &args};
  const bool done = room.before == nullptr ? memory::RunWithRoom(*room.alternate, Do, &job)
                                           : room.before->Begin() && memory::RunOnSpare(Do, &job);
  return done ? job.result : Result(-ENOSYS);
}

}  // namespace abishim::deliver

#include "shim/deliver/dispatch.h"

#include <array>

#include "shim/memory/host.h"
#include "shim/memory/stacks.h"

namespace abishim::deliver {
namespace {

struct Slim {
  Translation* translate = nullptr;
  bool big_stack = false, patch = false;
};

// The table without names and prose, by number: they stay out of the image.
constexpr std::array<Slim, arch::kNumbers> Slimmed() {
  std::array<Slim, arch::kNumbers> slim;
  for (const Row& row : kSyscalls) {
    const int nr = arch::NumberIn(row.nr);
    if (nr >= 0 && row.when_missing != nullptr)
      slim[nr] = {row.when_missing, row.big_stack, row.patch};
  }
  return slim;
}
constinit const std::array<Slim, arch::kNumbers> kSlim = Slimmed();

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

// At a patched site handlers are kept out first: one that never returned would take the stack
// along.
Result RunSomewhere(const Room& room, Translation* translate, Kernel* kernel, const Args& args) {
  Job job{translate, kernel, &args};
  const bool done = room.before == nullptr ? memory::RunWithRoom(*room.alternate, Do, &job)
                                           : room.before->Begin() && memory::RunOnSpare(Do, &job);
  return done ? job.result : Result(-ENOSYS);
}

}  // namespace

Result Dispatch(long nr, const Args& args, const Room& room, Flags flags) {
  if (nr < 0 || nr >= arch::kNumbers || kSlim[nr].translate == nullptr) return -ENOSYS;
  Kernel kernel(kHost, flags.host_has, room.before);
  if (kSlim[nr].big_stack) return RunSomewhere(room, kSlim[nr].translate, &kernel, args);
  return kSlim[nr].translate(kernel, args);
}

bool MayBePatched(long nr) { return nr >= 0 && nr < arch::kNumbers && kSlim[nr].patch; }

}  // namespace abishim::deliver

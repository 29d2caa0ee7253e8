#include "shim/deliver/dispatch.h"

#include <array>

#include "shim/memory/host.h"
#include "shim/memory/stacks.h"
#include "tables/flags.h"

namespace abishim::deliver {
namespace {

struct Slim {
  Translation* translate = nullptr;
  Translation* with_flag = nullptr;
  bool big_stack = false, patch = false;  // of `translate`, whichever calls it
};

// The table without names and prose, by number: they stay out of the image.
constexpr std::array<Slim, arch::kNumbers> Slimmed() {
  std::array<Slim, arch::kNumbers> slim;
  for (const Row& row : kSyscalls) {
    const int nr = arch::NumberIn(row.nr);
    if (nr >= 0 && row.when_missing != nullptr) {
      slim[nr] = {.translate = row.when_missing, .big_stack = row.big_stack, .patch = row.patch};
    }
  }
  for (const Flag& flag : kFlags) {
    const int nr = arch::NumberIn(FindRow(flag.call)->nr);
    if (nr >= 0 && flag.when_missing != nullptr) slim[nr].with_flag = flag.when_missing;
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
  if (nr < 0 || nr >= arch::kNumbers) return -ENOSYS;
  const Slim& slim = kSlim[nr];
  Translation* const translate = flags.flag ? slim.with_flag : slim.translate;
  if (translate == nullptr) return -ENOSYS;
  Kernel kernel(kHost, flags.host_has, room.before);
  if (slim.big_stack && translate == slim.translate) {
    return RunSomewhere(room, translate, &kernel, args);
  }
  return translate(kernel, args);
}

bool MayBePatched(long nr) { return nr >= 0 && nr < arch::kNumbers && kSlim[nr].patch; }

}  // namespace abishim::deliver

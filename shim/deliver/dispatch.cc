#include "shim/deliver/dispatch.h"

#include <array>

#include "shim/memory/host.h"
#include "shim/memory/stacks.h"

namespace abishim::deliver {
namespace {

struct Slim {
  Translation* translate = nullptr;
  bool big_stack = false;
};

// The table without names and prose, by number: they stay out of the image.
constexpr std::array<Slim, arch::kNumbers> Slimmed() {
  std::array<Slim, arch::kNumbers> slim;
  for (const Row& row : kSyscalls) {
    const int nr = arch::NumberIn(row.nr);
    if (nr >= 0 && row.when_missing != nullptr) slim[nr] = {row.when_missing, row.big_stack};
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

Result WithRoom(Translation* translate, Kernel* kernel, const Args& args,
                const arch::AltStack& alternate) {
  Job job{translate, kernel, &args};
  const bool done = memory::RunWithRoom(
      alternate,
      [](void* at) {
        auto* job = static_cast<Job*>(at);
        job->result = job->translate(*job->kernel, *job->args);
      },
      &job);
  return done ? job.result : Result(-ENOSYS);
}

}  // namespace

Result Dispatch(long nr, const Args& args, const arch::AltStack& alternate, Flags flags) {
  if (nr < 0 || nr >= arch::kNumbers || kSlim[nr].translate == nullptr) return -ENOSYS;
  Kernel kernel(kHost, flags.host_has);
  if (kSlim[nr].big_stack) return WithRoom(kSlim[nr].translate, &kernel, args, alternate);
  return kSlim[nr].translate(kernel, args);
}

}  // namespace abishim::deliver

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

Result OnBigStack(Translation* translate, Kernel* kernel, const Args& args) {
  const Word stack = memory::Acquire(static_cast<int>(HostCall<"getpid">()),
                                     static_cast<int>(HostCall<"gettid">()));
  if (stack == 0) return -ENOMEM;
  Job job{translate, kernel, &args};
  memory::RunOn(
      stack,
      [](void* at) {
        auto* job = static_cast<Job*>(at);
        job->result = job->translate(*job->kernel, *job->args);
      },
      &job);
  memory::Release(stack);
  return job.result;
}

}  // namespace

Result Dispatch(long nr, const Args& args, Flags flags) {
  if (nr < 0 || nr >= arch::kNumbers || kSlim[nr].translate == nullptr) return -ENOSYS;
  Kernel kernel(kHost, flags.host_has);
  if (kSlim[nr].big_stack) return OnBigStack(kSlim[nr].translate, &kernel, args);
  return kSlim[nr].translate(kernel, args);
}

}  // namespace abishim::deliver

#include "shim/deliver/untrapped.h"

#include "shim/deliver/dispatch.h"
#include "shim/memory/host.h"
#include "shim/patch/patch.h"
#include "shim/patch/watch.h"
#include "shim/plan/filter.h"
#include "shim/signals/masks.h"
#include "shim/signals/thread.h"
#include "shim/start/agent.h"

namespace abishim::deliver {
namespace {

// From the first call or copy of a translation on: no handler of the program's comes in between. No
// signal is ours, so what the program blocks stays blocked.
class Section : public Before {
 public:
  explicit Section(arch::Ucontext* u) : Before(Enter), u_(u) {}
  ~Section() {
    if (begun) HostCall<"rt_sigprocmask">(signals::kSigSetmask, &u_->mask, 0, 8);
  }
  Section(const Section&) = delete;
  Section& operator=(const Section&) = delete;

 private:
  static bool Enter(Before* before) {
    auto* self = static_cast<Section*>(before);
    if (HostCall<"rt_sigprocmask">(signals::kSigBlock, &signals::kKeptOut, &self->u_->mask, 8) != 0)
      return false;
    signals::NoticeFork({});
    return true;
  }

  arch::Ucontext* u_;
};

// The site's own instruction makes this call, with the program's mask.
void Redirect(arch::Ucontext* u, const Args& args, const Result& result) {
  Args now = args;
  for (int i = 0; i < result.given; ++i) now.word[i] = result.args[i];
  arch::SetArguments(u, now.word);
  arch::SetResult(u, result.value);
}

enum class Outcome { kAnswered, kRedirected, kFailed };

Outcome Answer(arch::Ucontext* u, long nr, const Args& args, unsigned data) {
  Section section(u);
  Result result = -ENOSYS;
  if ((data & kTrapRepair) == 0)
    result = Dispatch(nr, args, {.before = &section}, {.host_has = (data & kTrapHostHas) != 0});
  if (section.failed) return Outcome::kFailed;
  if (start::g_stats != nullptr) start::g_stats->CountPatched(nr);
  result.again ? Redirect(u, args, result) : arch::SetResult(u, result.value);
  return result.again ? Outcome::kRedirected : Outcome::kAnswered;
}

}  // namespace

// A translation that has waited a little begins its call anew, which the host does not have: it
// comes back here, once signals were let in.
long ServeUntrapped(arch::Ucontext* u) {
  for (;;) {
    const long nr = arch::CallNumber(*u);
    const unsigned data = nr >= 0 && nr < arch::kNumbers ? patch::g_fast[nr] : 0;
    if (data == 0) return 0;
    Args args;
    arch::Arguments(*u, args.word);
    if ((data & kTrapControl) != 0) return patch::WatchFor(nr)(u, args);
    const Outcome outcome = Answer(u, nr, args, data);
    if (outcome != Outcome::kRedirected) return outcome == Outcome::kAnswered ? arch::kAnswered : 0;
  }
}

}  // namespace abishim::deliver

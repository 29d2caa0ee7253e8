// libabishim.so by LD_PRELOAD or /etc/ld.so.preload: its constructor; and the same for launch.cc.
//
// Linked -z initfirst: it runs before the constructors of the program's other libraries, which may
// well make calls that the plan traps. (glibc before 2.34 has a libpthread that is initfirst, too,
// and wins: in the first program before there is a filter, in all others the image is there
// already.)
#include "shim/start/preload.h"

#include <linux/fcntl.h>
#include <linux/filter.h>
#include <linux/mman.h>
#include <linux/prctl.h>

#include "shim/exec/exec.h"
#include "shim/image/image.h"
#include "shim/memory/host.h"
#include "shim/plan/caller.h"
#include "shim/plan/filter.h"
#include "shim/plan/install.h"
#include "shim/plan/plan.h"
#include "shim/plan/probe.h"
#include "shim/plan/question.h"
#include "shim/plan/vsyscall.h"
#include "shim/signals/masks.h"
#include "shim/start/agent.h"
#include "shim/start/environment.h"
#include "shim/start/log.h"
#include "shim/start/older.h"
#include "shim/start/self.h"
#include "tracee.h"  // arch/ARCH

namespace abishim::start {
namespace {

// Brings the image up at `base` (0: anywhere) and wakes it. Gives the base or -errno. `patched`: it
// is to do without a filter, by this plan.
long BringUp(const Environment& environment, const Self& self, bool vsyscall, Word base,
             const Plan* patched = nullptr) {
  const long mapped = image::Map(self.path, base);
  if (IsError(mapped)) return mapped;
  Boot boot;
  boot.settings.frame_bytes = environment.frame_bytes;
  boot.settings.exec = environment.exec;
  boot.settings.mode = environment.mode;
  boot.settings.vsyscall = vsyscall;
  boot.vdso = environment.vdso;
  Keep(environment.log, boot.settings.log);
  Keep(environment.stats, boot.settings.stats);
  Keep(environment.release, boot.settings.release);
  Keep(self.path, boot.settings.library);
  const Word at = static_cast<Word>(mapped);
  patched == nullptr ? image::At(at, &Awake)(boot)
                     : image::At(at, &AwakeWithoutFilter)(boot, *patched);
  return mapped;
}

// An exec inside a tree that has the shim: the filter is in force. Unless the exec carried the
// image over, it is missing with its handlers.
void Rejoin(Environment environment, const Presence& presence) {
  if (!presence.translates || image::IsAt(presence.base)) return;
  environment.exec = static_cast<ExecWay>(presence.exec);
  environment.mode = static_cast<Mode>(presence.mode);
  Self self;
  FindSelf(environment, &self);
  const long mapped = presence.version == kContract
                          ? BringUp(environment, self, presence.vsyscall, presence.base)
                          : -EPROTO;
  if (!IsError(mapped)) return;
  // The next trapped call would kill the program without a word.
  Line line;
  line.Text("cannot join the shim of this process tree at ").Hex(presence.base);
  line.Text(presence.version == kContract ? ": errno " : " (another version): errno ");
  line.Number(-mapped).Write(environment.log != nullptr ? environment.log : "-");
  HostCall<"exit_group">(126);
}

// What keeps TRANSLATE verdicts out; null if nothing does.
const char* Obstacle(const Environment& environment, Threads threads) {
  if (threads == Threads::kBlocked) return "another thread blocks SIGSYS";
  const auto gate = reinterpret_cast<Word>(abishim_gate_page);
  if (MayMistakeCallers(environment.vdso) && ProbeCaller(abishim_gate, gate) == Answer::kWrong) {
    return "the kernel does not tell filters who calls, as user-mode Linux";
  }
  return nullptr;
}

void LogPlan(const Environment& environment, const Plan& plan, Word base, long error) {
  if (environment.log == nullptr) return;
  int repaired = 0, translated = 0;
  for (const Verdict verdict : plan.verdict) {
    repaired += verdict == Verdict::kRepair;
    translated += verdict == Verdict::kTranslate;
  }
  Line line;
  line.Text("plan: ").Number(translated).Text(" translated, ").Number(repaired);
  line.Text(" repaired, ").Text(plan.vsyscall ? "vsyscall page answered, " : "");
  line.Text("base ").Hex(base);
  if (error != 0) line.Text(", filter not installed: errno ").Number(-error);
  line.Write(environment.log);
}

// Builds the filter for the plan and puts it into force; 0 or an error of Install().
long Enforce(const Environment& environment, const Plan& plan, Word base, Threads threads) {
  Layout layout;
  if (plan.translates) {
    layout = {base, reinterpret_cast<Word>(image::At(base, abishim_gate_page)),
              reinterpret_cast<Word>(image::At(base, abishim_left)) + arch::kRestorerBytes,
              reinterpret_cast<Word>(image::At(base, signals::g_mask_pages)), signals::kMaskBytes};
  }
  bpf::Program program;
  if (!BuildFilter(plan, layout,
                   {.count_repairs = environment.stats != nullptr,
                    .exec = static_cast<unsigned>(environment.exec),
                    .mode = static_cast<unsigned>(environment.mode),
                    .bare = HostCall<"prctl">(PR_GET_SECCOMP, 0, 0, 0, 0) == 0,
                    .never_older = environment.older == Older::kNo,
                    .older = IsOlder(environment),
                    .loads = plan.translates && exec::IsByLoader(environment.exec)},
                   &program)) {
    return -E2BIG;
  }
  return Install(abishim_gate, program.begin(), program.length(), threads != Threads::kAlone);
}

// The base of an image for this plan; 0 where there is none, and then the plan only repairs.
Word Prepare(const Environment& environment, Threads threads, const Answers& answers, Plan* plan) {
  Self self;
  FindSelf(environment, &self);
  const char* obstacle = Obstacle(environment, threads);
  if (obstacle == nullptr) {
    const long mapped = BringUp(environment, self, plan->vsyscall, 0);
    if (!IsError(mapped)) return static_cast<Word>(mapped);
    obstacle = "no place for the image";
  }
  Line().Text("repairs only: ").Text(obstacle).Write(environment.told);
  *plan = MakePlan(answers, Policy::kRepair);
  return 0;
}

// The image without its filter. Another thread may be in one of its handlers just now.
void Withdraw(Word base, Threads threads) {
  image::At(base, &Asleep)();
  if (threads == Threads::kAlone) HostCall<"munmap">(base, image::Size());
}

// ABISHIM_MODE=patch: by the sites of this program alone. Where the library was executed there is
// no program yet.
long StartWithoutFilter(const Environment& environment, bool asked) {
  if (asked) return 0;
  Answers answers;
  Probe(abishim_gate, &answers, IsOlder(environment), abishim_spawn);
  const Plan plan = MakePlan(answers, environment.policy, false);
  if (plan.empty) return 0;
  Self self;
  FindSelf(environment, &self);
  const long mapped = BringUp(environment, self, false, 0, &plan);
  if (!IsError(mapped)) return 0;
  Line().Text("nothing is patched: no place for the image").Write(environment.log);
  return mapped;
}

// 0, or why there is no filter where there should be one.
long Start(const Environment& environment, bool asked) {
  if (const Presence presence = Ask(abishim_gate); presence.present) {
    Rejoin(environment, presence);
    return 0;
  }
  if (environment.off) return 0;
  if (environment.mode == Mode::kNoFilter) return StartWithoutFilter(environment, asked);
  const bool older = IsOlder(environment);
  Answers answers;
  Probe(abishim_gate, &answers, older, abishim_spawn);
  Plan plan = MakePlan(answers, environment.policy);
  if (older && environment.policy == Policy::kTranslate &&
      ProbeVsyscall(abishim_gate) == Answer::kMissing) {
    AddVsyscall(answers, &plan);
  }
  if (environment.release != nullptr && environment.policy == Policy::kTranslate) {
    AddUname(answers, &plan);
  }
  if (plan.empty) return 0;
  const Threads threads = LookAtThreads(abishim_gate);
  // Asked first: nothing at all is changed on a kernel without filters.
  if (const long error = CanInstall(abishim_gate, threads != Threads::kAlone)) {
    LogPlan(environment, plan, 0, error);
    return error;
  }
  const Word base = plan.translates ? Prepare(environment, threads, answers, &plan) : 0;
  if (plan.empty) return 0;
  const long error = Enforce(environment, plan, base, threads);
  if (error != 0 && base != 0) Withdraw(base, threads);
  LogPlan(environment, plan, base, error);
  return error;
}

[[gnu::constructor]] void Preload(Word argc, Word argv, Word envp) {
  Begin(argc, argv, envp, false);
}

}  // namespace

void Begin(Word argc, Word argv, Word envp, bool asked) {
  char strings[16 * 1024];
  Environment environment = ReadEnvironment(argc, argv, envp, strings, sizeof(strings));
  environment.told = environment.log == nullptr && asked ? "-" : environment.log;
  if (environment.complaint != nullptr) {
    Line()
        .Text(environment.complaint)
        .Text(" has a value that is not understood")
        .Write(environment.log != nullptr ? environment.log : "-");
  }
  if (arch::UnderValgrind()) {
    Line().Text("valgrind: nothing is installed").Write(environment.log);
    return;
  }
  const long error = Start(environment, asked);
  if (error == 0 || environment.log != nullptr) return;
  Line()
      .Text("no call is translated: the kernel takes no filter: errno ")
      .Number(-error)
      .Write(environment.told);
}

}  // namespace abishim::start

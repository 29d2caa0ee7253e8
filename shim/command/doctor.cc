// abishim doctor: what this host answers to this very process, and what the shim would do about it.
#include "shim/command/doctor.h"

#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>

#include "shim/command/failure.h"
#include "shim/command/names.h"
#include "shim/plan/asked.h"
#include "shim/plan/caller.h"
#include "shim/plan/plan.h"
#include "shim/plan/probe.h"
#include "shim/plan/question.h"
#include "shim/plan/vsyscall.h"

namespace abishim::command {
namespace {

long Call(long nr, long a, long b, long c, long d, long e, long f) {
  const long result = syscall(nr, a, b, c, d, e, f);
  return result == -1 ? -errno : result;
}

struct Counts {
  int pass = 0, repair = 0, translate = 0, killed = 0;
};

struct Findings {
  std::string kernel;  // for information: nothing is decided by it
  std::string seccomp;
  bool filter_in_force, no_new_privs;
  Presence shim;
  Policy policy;
  long probe_error = 0;
  bool older;
  Answers answers;
  Answer vsyscall = Answer::kNotAsked;
  Answer caller = Answer::kNotAsked;
  Plan plan;
  Counts counts;
};

// In the order of kAskedFlags.
template <class F>
void ForEachAskedFlag(const F& each) {
  int i = 0;
  for (const Flag& flag : kFlags) {
    if (MayBePlanned(flag)) each(flag, i++);
  }
}

// A filter that is no address: EFAULT where filters exist at all, and nothing is installed.
std::string SeccompOfHost() {
  if (Call(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, 0, 0, 0, 0) == -EFAULT) return "seccomp(2)";
  if (Call(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, 0, 0, 0, 0) == -EFAULT) return "prctl";
  return "none";
}

Policy PolicyOf(const std::string& option) {
  const char* const set = getenv("ABISHIM_POLICY");
  const std::string policy = !option.empty() ? option : set != nullptr ? set : "";
  if (policy == "repair") return Policy::kRepair;
  if (policy.empty() || policy == "translate") return Policy::kTranslate;
  throw Failure(kUsage, "ABISHIM_POLICY is neither translate nor repair: '" + policy + "'");
}

Counts Count(const Findings& found) {
  Counts counts;
  for (const Asked& asked : kAsked) {
    if (asked.older && !found.older) continue;
    const Verdict verdict = found.plan.verdict[asked.nr];
    if (found.answers.of[asked.nr] == Answer::kKills) {
      ++counts.killed;
    } else if (verdict == Verdict::kRepair) {
      ++counts.repair;
    } else if (verdict == Verdict::kTranslate) {
      ++counts.translate;
    } else {
      ++counts.pass;
    }
  }
  return counts;
}

Findings Examine(Policy policy, bool older) {
  Findings found;
  utsname names;
  if (uname(&names) == 0) found.kernel = names.release;
  found.policy = policy;
  found.older = older;
  found.shim = Ask(Call);
  found.filter_in_force = FilterInForce(Call);
  found.no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
  found.seccomp = SeccompOfHost();
  // Under a shim the answers would be the shim's own, not the host's.
  if (!found.shim.present) found.probe_error = Probe(Call, &found.answers, older);
  if (!found.shim.present && older) found.vsyscall = ProbeVsyscall(Call);
  if (!found.shim.present) found.caller = ProbeCaller(Call, reinterpret_cast<Word>(&syscall));
  const Policy can = found.caller == Answer::kWrong ? Policy::kRepair : policy;
  found.plan = MakePlan(found.answers, can);
  if (found.vsyscall == Answer::kMissing && can == Policy::kTranslate) {
    AddVsyscall(found.answers, &found.plan);
  }
  found.counts = Count(found);
  return found;
}

nlohmann::ordered_json ToJson(const Findings& found) {
  nlohmann::ordered_json out;
  out["kernel"] = found.kernel;
  out["seccomp"] = found.seccomp;
  out["filters_see_caller"] = ToText(found.caller);
  out["filter_in_force"] = found.filter_in_force;
  out["no_new_privs"] = found.no_new_privs;
  out["shim_active"] = found.shim.present;
  out["policy"] = found.policy == Policy::kRepair ? "repair" : "translate";
  if (found.probe_error != 0) out["probe_error"] = strerror(static_cast<int>(-found.probe_error));
  out["counts"] = {{"pass", found.counts.pass},
                   {"repair", found.counts.repair},
                   {"translate", found.counts.translate},
                   {"killed", found.counts.killed}};
  out["older"] = found.older;
  if (found.older) out["vsyscall_page"] = ToText(found.vsyscall);
  out["calls"] = nlohmann::ordered_json::array();
  for (const Asked& asked : kAsked) {
    if (asked.older && !found.older) continue;
    const Row& row = *RowOf(asked.nr);
    nlohmann::ordered_json call;
    call["name"] = row.name;
    call["number"] = asked.nr;
    call["answer"] = ToText(found.answers.of[asked.nr]);
    call["verdict"] = ToText(found.plan.verdict[asked.nr]);
    call["class"] = ToText(row.cls);
    if (!row.loses.empty()) call["loses"] = row.loses;
    if (!row.reason.empty()) call["reason"] = row.reason;
    out["calls"].push_back(std::move(call));
  }
  out["flags"] = nlohmann::ordered_json::array();
  ForEachAskedFlag([&](const Flag& flag, int i) {
    out["flags"].push_back({{"call", flag.call},
                            {"flag", flag.name},
                            {"answer", ToText(found.answers.of_flag[i])},
                            {"translated", found.plan.lacks_flag[i]}});
  });
  return out;
}

std::string WhatFollows(const Row& row, Answer answer, Verdict verdict) {
  if (answer == Answer::kKills) return "the outer filter kills the caller: cannot be helped";
  if (verdict == Verdict::kTranslate) {
    return row.loses.empty() ? "exact" : "loses: " + std::string(row.loses);
  }
  return "ENOSYS, which callers fall back on" +
         (row.reason.empty() ? "" : ": " + std::string(row.reason));
}

void PrintSummary(const Findings& found) {
  const Counts& counts = found.counts;
  if (found.caller == Answer::kWrong) {
    puts(
        "This kernel does not tell filters who calls (user-mode Linux): traps cannot be used, run "
        "--mode=patch can.");
  }
  if (found.probe_error != 0) {
    printf("The host could not be asked: %s\n", strerror(static_cast<int>(-found.probe_error)));
  }
  if (found.shim.present) {
    puts("A shim is in force in this process tree: the host itself cannot be asked from here.");
  } else if (found.plan.empty) {
    printf("plan: empty, nothing is installed (%d pass, %d killed)\n", counts.pass, counts.killed);
  } else {
    printf("plan: %d translate, %d repair, %d pass, %d killed\n", counts.translate, counts.repair,
           counts.pass, counts.killed);
    if (found.seccomp == "none") puts("But this host has no seccomp filters: it cannot be done.");
  }
}

// Only where calls trap does a program's own sandbox meet ours.
void PrintSandboxes(const Findings& found) {
  if (found.counts.translate == 0) return;
  puts(
      "Programs with a seccomp filter of their own keep it: it is installed behind a prefix that\n"
      "lets a trap end, and asked about each translated call and about every call that is made in\n"
      "its place. What it refuses is never made: the translation then answers ENOSYS. Details and\n"
      "limits: shim/sandbox/README.md.");
}

// What no layer in user space can give back.
void PrintOlder(const Findings& found) {
  if (!found.older || found.shim.present) return;
  const std::string answer(ToText(found.vsyscall));
  printf("vsyscall page            %s\n", answer.c_str());
  if (found.plan.vsyscall) {
    puts(
        "  Calls of it are answered through the vDSO; programs that read it fail as on this host.");
  }
  constexpr struct {
    const char* name;
    long nr;
  } kGone[] = {{"modify_ldt", SYS_modify_ldt}, {"iopl", SYS_iopl}, {"ioperm", SYS_ioperm}};
  for (const auto& call : kGone) {
    // Nothing is read, no level and no port is asked for.
    const long result = call.nr == SYS_modify_ldt ? Call(call.nr, 0, 0, 0, 0, 0, 0)
                                                  : Call(call.nr, -1, -1, 0, 0, 0, 0);
    if (result == -ENOSYS) printf("%-24s missing   cannot be replaced\n", call.name);
  }
}

void Print(const Findings& found) {
  printf("kernel %s (for information), seccomp by %s, filter in force: %s, no_new_privs: %s, ",
         found.kernel.c_str(), found.seccomp.c_str(), found.filter_in_force ? "yes" : "no",
         found.no_new_privs ? "yes" : "no");
  printf("shim active: %s, policy: %s\n", found.shim.present ? "yes" : "no",
         found.policy == Policy::kRepair ? "repair" : "translate");
  for (const Asked& asked : kAsked) {
    const Answer answer = found.answers.of[asked.nr];
    const Verdict verdict = found.plan.verdict[asked.nr];
    if (verdict == Verdict::kPass && answer != Answer::kKills) continue;
    const Row& row = *RowOf(asked.nr);
    printf("%-24s %-9s %-10s %s\n", std::string(row.name).c_str(),
           std::string(ToText(answer)).c_str(), std::string(ToText(verdict)).c_str(),
           WhatFollows(row, answer, verdict).c_str());
  }
  ForEachAskedFlag([&](const Flag& flag, int i) {
    if (!found.plan.lacks_flag[i]) return;
    printf("%-24s missing   translate  %s\n", NameOf(flag).c_str(),
           flag.loses.empty() ? "exact" : ("loses: " + std::string(flag.loses)).c_str());
  });
  PrintOlder(found);
  PrintSummary(found);
  PrintSandboxes(found);
}

}  // namespace

int Doctor(const DoctorOptions& options) {
  const Findings found = Examine(PolicyOf(options.policy), options.older);
  if (options.json) {
    puts(ToJson(found).dump(1).c_str());
  } else {
    Print(found);
  }
  return fflush(stdout) == 0 && found.probe_error == 0 ? 0 : 1;
}

}  // namespace abishim::command

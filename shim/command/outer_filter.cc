// The outer filter, built by libseccomp, installed by hand.
//
// Names are resolved through tables/syscalls.h, since libseccomp 2.5.4 lacks the newest ones.
// seccomp_load() is not used: it asks once whether the host has seccomp(2) and would be wrong under
// our own first filter, which may have taken it away.
#include "shim/command/outer_filter.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <memory>

#include "abi.h"
#include "shim/command/failure.h"
#include "shim/plan/evaluate.h"
#include "tables/flags.h"
#include "tables/lookup.h"

namespace abishim::command {
namespace {

constexpr int kUnknownToTable = [] {  // one more than the highest number of the table
  int highest = 0;
  for (const Row& row : kSyscalls) highest = std::max(highest, arch::NumberIn(row.nr));
  return highest + 1;
}();

using Context = std::unique_ptr<void, decltype(&seccomp_release)>;

void Check(int result, const std::string& what) {
  if (result < 0) {
    throw Failure(kCannotStart,
                  "cannot build the outer filter: " + what + ": " + strerror(-result));
  }
}

Context NewContext(std::uint32_t default_action) {
  Context context(seccomp_init(default_action), seccomp_release);
  if (context == nullptr) Check(-ENOMEM, "seccomp_init");
  return context;
}

Program Export(scmp_filter_ctx context) {
  int ends[2];  // the longest program that the kernel takes fills half of a pipe
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) Check(-errno, "pipe");
  const int result = seccomp_export_bpf(context, ends[1]);
  close(ends[1]);
  Program program(BPF_MAXINSNS + 1);
  const long size = read(ends[0], program.data(), program.size() * sizeof(sock_filter));
  close(ends[0]);
  Check(result, "seccomp_export_bpf");
  program.resize(std::max(size, 0L) / sizeof(sock_filter));
  if (program.size() > BPF_MAXINSNS)
    throw Failure(kUsage, "--profile: more rules than a filter holds");
  return program;
}

int NativeNumber(const std::string& name) {
  const Row* row = FindRow(name);
  return row == nullptr ? kNone : arch::NumberIn(row->nr);
}

// For an architecture that is not ours libseccomp translates the names it knows by itself.
int ForeignNumber(const std::string& name) {
  const int number = seccomp_syscall_resolve_name(name.c_str());
  return number == __NR_SCMP_ERROR ? kNone : number;
}

// Unknown names are skipped, as engines do, and rules that say what the default says already
// (libseccomp refuses those).
void AddRules(scmp_filter_ctx context, const Profile& profile, int number_of(const std::string&)) {
  for (const Rule& rule : profile.rules) {
    if (rule.action == profile.default_action) continue;
    for (const std::string& name : rule.names) {
      const int number = number_of(name);
      if (number == kNone) continue;
      for (const Conditions& all : rule.alternatives) {
        const int result =
            seccomp_rule_add_array(context, rule.action, number, all.size(), all.data());
        if (result == -EEXIST) {
          throw Failure(kUsage, "--profile: rules for '" + name + "' contradict each other");
        }
        Check(result, name);
      }
    }
  }
}

bool InstallBy(const sock_fprog& program) {
  // With SPEC_ALLOW (4.17), or kernels up to 5.15 switch the mitigations of speculation on.
  for (const unsigned long flags : {SECCOMP_FILTER_FLAG_SPEC_ALLOW, 0UL}) {
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) == 0) return true;
    if (errno != EINVAL) break;
  }
  // seccomp(2) came with 3.17, and the pretended kernel may be older than that.
  return errno == ENOSYS && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

// Flags that came after their calls: refused as they were, or, of those that were ignored, handed
// to the tracer that takes them out.
void AddFlags(scmp_filter_ctx context, const OlderKernel& kernel, bool traced) {
  for (const Flag& flag : kFlags) {
    const Row& row = *FindRow(flag.call);
    const int number = arch::NumberIn(row.nr);
    if (number == kNone || kernel.Has(flag) || !kernel.Has(row)) continue;
    if (flag.older == kIgnored && !traced) continue;
    const std::uint32_t action =
        flag.older == kIgnored ? SCMP_ACT_TRACE(kTraceFlags) : SCMP_ACT_ERRNO(flag.older);
    const scmp_arg_cmp use[] = {
        {static_cast<unsigned>(flag.use.argument), SCMP_CMP_MASKED_EQ, flag.use.mask,
         flag.use.value},
        {1, SCMP_CMP_MASKED_EQ, ~0u, static_cast<scmp_datum_t>(flag.use.level)}};
    const unsigned count = flag.use.level < 0 ? 1 : 2;
    Check(seccomp_rule_add_array(context, action, number, count, use), std::string(flag.name));
  }
  if (!traced || kernel.version >= kAutodisarmSince) return;
  const int number = NumberOf("sigaltstack");
  Check(seccomp_rule_add(context, SCMP_ACT_TRACE(kTraceFlags), number, 0), "SS_AUTODISARM");
}

// A bad descriptor is told apart, so that who asks by one is misled as on the real thing.
void AddInVain(scmp_filter_ctx context, int number) {
  const scmp_arg_cmp descriptor{0, SCMP_CMP_LE, INT_MAX, 0};
  Check(seccomp_rule_add_array(context, SCMP_ACT_ERRNO(ENOSYS), number, 1, &descriptor), "in vain");
}

}  // namespace

Program PretendKernel(const OlderKernel& kernel, bool traced) {
  const Context context = NewContext(SCMP_ACT_ALLOW);
  Check(seccomp_attr_set(context.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW), "bad arch");
  const auto refuse = [&](int number) {
    const std::string what = "number " + std::to_string(number);
    Check(seccomp_rule_add(context.get(), SCMP_ACT_ERRNO(ENOSYS), number, 0), what);
  };
  for (const Row& row : kSyscalls) {
    const int number = arch::NumberIn(row.nr);
    if (number != kNone && !kernel.Has(row)) refuse(number);
    if (number != kNone && row.name == kernel.in_vain) AddInVain(context.get(), number);
  }
  // What even the table has not heard of is newer still.
  for (int number = kUnknownToTable; number < arch::kNumbers; ++number) refuse(number);
  AddFlags(context.get(), kernel, traced);
  return Export(context.get());
}

Program Without(const std::vector<std::string>& names) {
  const Context context = NewContext(SCMP_ACT_ALLOW);
  Check(seccomp_attr_set(context.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW), "bad arch");
  for (const std::string& name : names) {
    const int number = NativeNumber(name);
    if (number == kNone) throw Failure(kUsage, "--without: no system call '" + name + "'");
    Check(seccomp_rule_add(context.get(), SCMP_ACT_ERRNO(ENOSYS), number, 0), name);
  }
  return Export(context.get());
}

Program CompileProfile(const Profile& profile) {
  const Context native = NewContext(profile.default_action);
  AddRules(native.get(), profile, NativeNumber);
  // Every other architecture that can run here; unlisted ones are killed, as engines do.
  for (const std::uint32_t token : {SCMP_ARCH_X86, SCMP_ARCH_X32}) {
    if (std::find(profile.arches.begin(), profile.arches.end(), token) == profile.arches.end()) {
      continue;
    }
    Context foreign = NewContext(profile.default_action);
    Check(seccomp_arch_add(foreign.get(), token), "architecture");
    Check(seccomp_arch_remove(foreign.get(), SCMP_ARCH_NATIVE), "architecture");
    AddRules(foreign.get(), profile, ForeignNumber);
    Check(seccomp_merge(native.get(), foreign.get()), "architectures");
    static_cast<void>(foreign.release());  // belongs to `native` from here
  }
  return Export(native.get());
}

bool Allows(const Program& program, int number) {
  const seccomp_data data{number, arch::kAudit, 0, {}};
  const unsigned action = Evaluate(program.data(), program.size(), data) & SECCOMP_RET_ACTION_FULL;
  return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG || action == SECCOMP_RET_TRACE;
}

void Install(const std::vector<Program>& programs) {
  for (const Program& program : programs) {
    const sock_fprog all{static_cast<unsigned short>(program.size()),
                         const_cast<sock_filter*>(program.data())};
    if (InstallBy(all)) continue;
    if (errno == EACCES && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && InstallBy(all)) continue;
    throw Failure(kCannotStart,
                  std::string("cannot install the outer filter: seccomp: ") + strerror(errno));
  }
}

}  // namespace abishim::command

#include "shim/sandbox/install.h"

#include <linux/errno.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>

#include "shim/memory/host.h"
#include "shim/plan/bpf.h"
#include "shim/plan/question.h"
#include "shim/sandbox/guard.h"
#include "shim/sandbox/prefix.h"
#include "shim/start/log.h"
#include "shim/start/settings.h"

namespace abishim::sandbox {
namespace {

constexpr unsigned kLongest = 4096;  // BPF_MAXINSNS

// What the program wants installed, and how: by either call.
struct Wish {
  long nr;
  Args args;
  unsigned flags;  // of seccomp(2)
};
constexpr int kFilter = 2;  // the argument that points to it, in both calls

// The prefix, and behind it the program's. Null when it cannot be read or is none.
bool Fill(const sock_fprog& given, Kept* kept, sock_filter* prefix, unsigned prefix_length) {
  const Word at = reinterpret_cast<Word>(given.filter), bytes = given.len * sizeof(sock_filter);
  if (kHost.copy_in(kept->code + prefix_length, at, bytes) != bytes) return false;
  for (unsigned i = 0; i < prefix_length; ++i) kept->code[i] = prefix[i];
  return true;
}

// A positive result is a thread that could not be synchronised, and then nobody has the filter; or
// the listener's descriptor.
bool Succeeded(long result, unsigned flags) {
  if (result < 0) return false;
  return result == 0 || (flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0;
}

void Say(const char* what, unsigned length) {
  if (start::Log() == nullptr) return;
  start::Line().Text("sandbox: a filter of ").Number(length).Text(what).Write(start::Log());
}

// Installs the filter that `given` describes in the way of the wish.
long Install(const Wish& wish, const sock_fprog& given, const sock_filter& first) {
  sock_filter prefix[kPrefixMost];
  Kept kept = Reserve(given.len + kPrefixMost);
  if (kept.code == nullptr) {
    Say(" instructions is one too many to be kept: ENOMEM", given.len);
    return -ENOMEM;
  }
  const unsigned before = WritePrefix(kept.number, first, prefix);
  if (!Fill(given, &kept, prefix, before)) {
    Settle(kept, false);
    return Original(wish.nr, wish.args);
  }
  if (before + given.len > kLongest) {
    Settle(kept, false);
    Say(" instructions is too long with what abishim adds: EINVAL", given.len);
    return -EINVAL;
  }
  Say(" instructions is kept, and asked before each translation", given.len);
  Publish(kept, before + given.len);
  if ((wish.flags & SECCOMP_FILTER_FLAG_TSYNC) != 0) WaitForOthers();
  const sock_fprog ours{static_cast<unsigned short>(before + given.len), kept.code};
  Args args = wish.args;
  args.word[kFilter] = reinterpret_cast<Word>(&ours);
  const long result = Original(wish.nr, args);
  Settle(kept, Succeeded(result, wish.flags));
  return result;
}

// Everything that the kernel would refuse is the kernel's to refuse, by the program's own pointers:
// its checks come in their own order.
long Filter(const Wish& wish) {
  sock_fprog given;
  sock_filter first;
  if (!CopyIn(wish.args[kFilter], &given) || given.len == 0 || given.len > kLongest ||
      !CopyIn(reinterpret_cast<Word>(given.filter), &first)) {
    return Original(wish.nr, wish.args);
  }
  return Install(wish, given, first);
}

// The same four calls as in strict mode. Death is by SIGSYS, not by SIGKILL.
void WriteStrict(bpf::ProgramOf<16>* p) {
  const bpf::Label kill = p->Return({SECCOMP_RET_KILL_THREAD}), allow = p->Return(bpf::Allow());
  bpf::Label next = kill;
  for (const int nr :
       {NumberOf("read"), NumberOf("write"), NumberOf("exit"), NumberOf("rt_sigreturn")}) {
    next = p->IfEqual(static_cast<unsigned>(nr), allow, next);
  }
  p->Load(bpf::Half::kArch, p->IfEqual(arch::kAudit, p->Load(bpf::Half::kNumber, next), kill));
}

// Once a filter stands the kernel knows no strict mode any more. Where ours is the only one, a
// filter takes its place. `as_filter`: the same call with its mode.
long Strict(const Wish& wish, Wish as_filter) {
  const long result = Original(wish.nr, wish.args);
  if (result != -EINVAL || CarriesAny() || !Ask(abishim_gate).bare) return result;
  // What a filter wants, and strict mode does not. Nothing is ever executed in it.
  HostCall<"prctl">(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  bpf::ProgramOf<16> program;
  WriteStrict(&program);
  const sock_fprog given{static_cast<unsigned short>(program.length()),
                         const_cast<sock_filter*>(program.begin())};
  return Install(as_filter, given, *program.begin());
}

}  // namespace

void Seccomp(arch::Ucontext* u, long nr, const Args& args) {
  const Wish wish{nr, args, args.Uint(1)};
  if (args.Uint(0) == SECCOMP_SET_MODE_FILTER) return arch::SetResult(u, Filter(wish));
  arch::SetResult(u, Strict(wish, {nr, {{SECCOMP_SET_MODE_FILTER}}, 0}));
}

void Prctl(arch::Ucontext* u, long nr, const Args& args) {
  const Wish wish{nr, args, 0};
  if (args.Int(0) == PR_SET_SECCOMP && args[1] == SECCOMP_MODE_FILTER) {
    return arch::SetResult(u, Filter(wish));
  }
  if (args.Int(0) == PR_SET_SECCOMP && args[1] == SECCOMP_MODE_STRICT) {
    return arch::SetResult(u, Strict(wish, {nr, {{PR_SET_SECCOMP, SECCOMP_MODE_FILTER}}, 0}));
  }
  const long result = Original(nr, args);
  // Where ours is the only filter, the program has none.
  const bool hidden = args.Int(0) == PR_GET_SECCOMP && result == 2 && !CarriesAny();
  arch::SetResult(u, hidden ? 0 : result);
}

}  // namespace abishim::sandbox

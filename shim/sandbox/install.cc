#include "shim/sandbox/install.h"

#include <linux/errno.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>

#include "shim/memory/alone.h"
#include "shim/memory/host.h"
#include "shim/plan/bpf.h"
#include "shim/plan/question.h"
#include "shim/sandbox/guard.h"
#include "shim/sandbox/prefix.h"
#include "shim/sandbox/turned.h"
#include "shim/start/log.h"
#include "shim/start/settings.h"

namespace abishim::sandbox {
namespace {

// What the program wants installed, and how: by either call.
struct Wish {
  long nr;
  Args args;
  unsigned flags;  // of seccomp(2)
};
constexpr int kFilter = 2;  // the argument that points to it, in both calls

// False when it cannot be read.
bool Fill(const sock_fprog& given, const Kept& kept) {
  const Word at = reinterpret_cast<Word>(given.filter), bytes = given.len * sizeof(sock_filter);
  return kHost.copy_in(kept.code, at, bytes) == bytes;
}

// A filter that leads out of itself is for the kernel to refuse: ours goes on behind its end.
bool StaysInside(const sock_filter* code, unsigned length) {
  for (unsigned i = 0; i < length; ++i) {
    const unsigned left = length - i - 1;
    const bool jumps = BPF_CLASS(code[i].code) == BPF_JMP;
    if (jumps && BPF_OP(code[i].code) == BPF_JA && code[i].k >= left) return false;
    if (jumps && BPF_OP(code[i].code) != BPF_JA && (code[i].jt >= left || code[i].jf >= left)) {
      return false;
    }
  }
  return BPF_CLASS(code[length - 1].code) == BPF_RET;
}

// A positive result is a thread that could not be synchronised, and then nobody has the filter; or
// the listener's descriptor.
bool Succeeded(long result, unsigned flags) {
  if (result < 0) return false;
  return result == 0 || (flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0;
}

void Say(const char* what, unsigned length) {
  if (start::Log() == nullptr) return;
  const Inside inside;  // the log is written by calls that are judged
  start::Line().Text("sandbox: a filter of ").Number(length).Text(what).Write(start::Log());
}

// Puts the kept filter in force, as Compose has it. The result is the kernel's.
long PutInForce(const Wish& wish, const Kept& kept, unsigned length, sock_filter* room) {
  const bool all_threads = (wish.flags & SECCOMP_FILTER_FLAG_TSYNC) != 0;
  const unsigned composed = Compose(kept.number, all_threads, kept.code, length, room);
  if (composed > kLongestFilter) {
    Say(" instructions is too long with what abishim adds: EINVAL", length);
    return -EINVAL;
  }
  Say(" instructions is kept, and asked before each translation", length);
  Publish(kept, length);
  if (all_threads) WaitForOthers();
  const sock_fprog ours{static_cast<unsigned short>(composed), room};
  Args args = wish.args;
  args.word[kFilter] = reinterpret_cast<Word>(&ours);
  return Original(wish.nr, args);
}

// Installs the filter that `given` describes in the way of the wish.
long Install(const Wish& wish, const sock_fprog& given) {
  const Kept kept = Reserve(given.len);
  sock_filter* const room = kept.code != nullptr ? Borrow(given.len + kAround) : nullptr;
  if (room == nullptr) {
    if (kept.code != nullptr) Settle(kept, false);
    Say(" instructions is one too many to be kept: ENOMEM", given.len);
    return -ENOMEM;
  }
  const bool sound = Fill(given, kept) && StaysInside(kept.code, given.len);
  const long result =
      sound ? PutInForce(wish, kept, given.len, room) : Original(wish.nr, wish.args);
  GiveBack(room, given.len + kAround);
  Settle(kept, sound && Succeeded(result, wish.flags));
  return result;
}

// Perhaps the last moment in which a fork child can get a generator's key of its own: asking for no
// bytes does.
void KeepRandom() {
  if (!memory::LostAlone()) return;
  Kernel kernel(kHost);
  (void)translate::getrandom(kernel, {});
}

// Everything that the kernel would refuse is the kernel's to refuse, by the program's own pointers:
// its checks come in their own order.
long Filter(const Wish& wish) {
  sock_fprog given;
  if (!CopyIn(wish.args[kFilter], &given) || given.len == 0 || given.len > kLongestFilter) {
    return Original(wish.nr, wish.args);
  }
  KeepRandom();
  return Install(wish, given);
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
  return Install(as_filter, given);
}

}  // namespace

void Seccomp(arch::Ucontext* u, long nr, const Args& args) {
  ForgetTurned(*u);
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

#include "shim/signals/thread.h"

#include <linux/mman.h>
#include <linux/time_types.h>

#include "shim/memory/host.h"
#include "shim/memory/stacks.h"
#include "shim/patch/patch.h"
#include "shim/signals/masks.h"

// Linux 4.14; Debian 12's headers have it, older ones do not.
#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

namespace abishim::signals {

constinit std::atomic<bool> g_was_blocked;

namespace {

constexpr int kThreads = 1024;  // a power of two
[[gnu::section(".bss.z")]] constinit Thread g_threads[kThreads] = {};
// Apart from what they are the keys of: the table is searched as a whole, and mostly empty, so its
// pages are best left alone. 0: free.
[[gnu::section(".bss.z")]] constinit std::atomic<unsigned long> g_keys[kThreads];

// Threads that may not learn who they are and have no stack of ours share one entry.
constexpr unsigned long kNobody = 2;

// A page that the kernel empties in a fork child (and leaves alone in a CLONE_VM child, whose
// memory this is). It holds the pid of the owner of the memory.
struct OwnerPage {
  std::atomic<int> pid = 0;
  char rest[4092] = {};
};
[[gnu::section(".bss.z")]] alignas(4096) constinit OwnerPage g_owner;
// Before 4.14 no page is emptied. Then a fork child is not given this one, which takes a call to
// see.
[[gnu::section(".bss.z")]] alignas(4096) constinit char g_witness[4096];
constinit std::atomic<bool> g_use_witness;

bool IsForkChild() {
  if (!g_use_witness.load(std::memory_order_relaxed)) {
    return g_owner.pid.load(std::memory_order_relaxed) == 0;
  }
  unsigned char there;
  return HostCall<"mincore">(g_witness, sizeof(g_witness), &there) == -ENOMEM;
}

void PlaceWitness() {
  HostCall<"mmap">(g_witness, sizeof(g_witness), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
                   -1, 0);
  HostCall<"madvise">(g_witness, sizeof(g_witness), MADV_DONTFORK);
}

// The pages that a fork child is not given empty: whose copy they are. A process that finds the
// owner's page empty is the fork child of that owner if that is its parent. Else it may be a vfork
// child of a fork child that never trapped.
constinit std::atomic<int> g_last_owner;
constinit std::atomic<bool> g_surely_ours;

unsigned long Key(int pid, int tid) {
  return static_cast<unsigned long>(pid) << 32 | static_cast<unsigned>(tid);
}
// 0: a filter of the program's refuses to tell.
unsigned long MyKey() {
  const long pid = HostCall<"getpid">(), tid = HostCall<"gettid">();
  return pid > 0 && tid > 0 ? Key(static_cast<int>(pid), static_cast<int>(tid)) : 0;
}
int Hash(unsigned long key) { return static_cast<int>(key * 0x9e3779b97f4a7c15 >> 54); }

bool Gone(unsigned long key) {
  return HostCall<"tgkill">(key >> 32, static_cast<int>(key), 0) == -ESRCH;
}

// A new thread that got the number of one that is gone has no alternate stack, whatever is kept.
// (Nor has, for the length of a handler, a thread whose stack disarms itself.)
bool Fits(const Thread& t, const arch::Ucontext& u) {
  const bool none = (u.stack.flags & arch::kStackDisabled) != 0 || u.stack.size == 0;
  return !none || !t.replaced || (t.program_stack.flags & arch::kStackDisarms) != 0;
}

unsigned long KeyAt(int i) { return g_keys[i].load(std::memory_order_acquire); }

Thread* Find(unsigned long key) {
  for (int n = 0; n < kThreads; ++n) {
    const int i = (Hash(key) + n) % kThreads;
    const unsigned long there = KeyAt(i);
    if (there == key) return &g_threads[i];
    if (there == 0) return nullptr;
  }
  return nullptr;
}

// The thread that forked us (or for which we run, after vfork) is known by its alternate stack, as
// the owner of that. (What other entries say of the same stack is of threads that are gone, or is
// being written.)
Thread* ByStack(const arch::Ucontext& u) {
  if (!memory::IsOurs(u.stack.sp)) return nullptr;
  Thread* t = Find(memory::OwnerOf(u.stack.sp));
  return t != nullptr && t->replaced ? t : nullptr;
}

void Inherit(Thread* t, const Thread* from) {
  t->replaced = from != nullptr;
  t->program_stack = from ? from->program_stack : arch::AltStack{};
  t->our_stack = from ? from->our_stack : 0;
  t->blocked = from ? from->blocked : 0;
  t->pending = t->due = 0;
  t->to_be_traced = false;
}

// A new thread with the number of one that is gone; the stack that it had serves again.
void Forget(Thread* t) {
  t->replaced = t->to_be_traced = false;
  t->blocked = t->pending = t->due = 0;
}

Thread* Insert(unsigned long key, const arch::Ucontext& u) {
  const Thread* parent = ByStack(u);
  for (int pass = 0; pass < 2; ++pass) {
    for (int n = 0; n < kThreads; ++n) {
      const int i = (Hash(key) + n) % kThreads;
      unsigned long there = KeyAt(i);
      if (there != 0 && (pass == 0 || !Gone(there))) continue;
      // A key of 1 belongs to nobody: taken, not yet filled in.
      if (!g_keys[i].compare_exchange_strong(there, 1)) continue;
      Inherit(&g_threads[i], parent);
      g_keys[i].store(key, std::memory_order_release);
      return &g_threads[i];
    }
  }
  return nullptr;
}

}  // namespace

unsigned long KeyOf(const Thread& thread) { return KeyAt(static_cast<int>(&thread - g_threads)); }

Thread* SelfIfAny(const arch::Ucontext& u) {
  const unsigned long key = MyKey();
  if (key == 0) return ByStack(u);
  Thread* t = Find(key);
  if (t != nullptr && !Fits(*t, u)) Forget(t);
  return t;
}

Thread* Self(const arch::Ucontext& u) {
  Thread* t = SelfIfAny(u);
  if (t != nullptr) return t;
  const unsigned long key = MyKey();
  return Insert(key != 0 ? key : kNobody, u);
}

// Who has joined a thread may use its memory at once, but the thread takes a moment longer to be
// gone.
static bool GoneSoon(unsigned long key) {
  constexpr __kernel_timespec kMoment{0, 1'000'000};
  constexpr int kMoments = 20;
  for (int i = 0; i < kMoments; ++i) {
    if (Gone(key)) return true;
    if (IsError(HostCall<"nanosleep">(&kMoment, 0))) break;
  }
  return Gone(key);
}

bool IsShared(const Thread& self, const arch::AltStack& stack) {
  for (int i = 0; i < kThreads; ++i) {
    const Thread& t = g_threads[i];
    const unsigned long key = KeyAt(i);
    if (key <= kNobody || &t == &self || t.replaced) continue;
    const arch::AltStack& other = t.program_stack;
    const bool apart = stack.sp >= other.sp + other.size || other.sp >= stack.sp + stack.size;
    if (!apart && !GoneSoon(key)) return true;
  }
  return false;
}

void NoticeFork(const arch::Ucontext& u) {
  if (!IsForkChild()) return;
  if (g_use_witness.load()) PlaceWitness();
  const int pid = static_cast<int>(HostCall<"getpid">());
  const int tid = static_cast<int>(HostCall<"gettid">());
  const Thread* parent = ByStack(u);
  const bool any = parent != nullptr;
  alignas(Thread) char copy[sizeof(Thread)];
  Thread* kept = reinterpret_cast<Thread*>(copy);
  Inherit(kept, parent);
  for (std::atomic<unsigned long>& key : g_keys) {
    if (key.load(std::memory_order_relaxed) != 0) key.store(0, std::memory_order_relaxed);
  }
  memory::AfterFork(memory::IsOurs(u.stack.sp) ? u.stack.sp : 0, pid, tid);
  g_surely_ours.store(HostCall<"getppid">() == g_last_owner.load());
  g_last_owner.store(pid);
  g_owner.pid.store(pid);
  sandbox::ForgetOthers();
  patch::ForgetOthers();
  if (!any) return;
  if (Thread* t = Insert(Key(pid, tid), u)) Inherit(t, kept);
}

bool AnyMayBeBlocked() {
  if (!g_was_blocked.load(std::memory_order_relaxed)) return false;
  const unsigned long key = MyKey();
  const Thread* t = key != 0 ? Find(key) : nullptr;
  return t == nullptr || (t->blocked | t->pending | t->due) != 0;
}

bool MemoryIsBorrowed() {
  const long pid = HostCall<"getpid">();
  return pid > 0 && g_owner.pid.load() != pid;
}

bool MemoryIsSurelyOurs() { return g_surely_ours.load() && !MemoryIsBorrowed(); }

bool IsBefore4_14() { return g_use_witness.load(std::memory_order_relaxed); }

void StartThreads(unsigned long blocked, const arch::Siginfo* pending) {
  g_last_owner.store(static_cast<int>(HostCall<"getpid">()));
  g_surely_ours.store(true);
  g_owner.pid.store(g_last_owner.load());
  if (HostCall<"madvise">(&g_owner, sizeof(g_owner), MADV_WIPEONFORK) != 0) {
    PlaceWitness();
    g_use_witness.store(true);
  }
  if (blocked == 0) return;
  g_was_blocked.store(true);
  Thread* self = Insert(MyKey(), arch::Ucontext{});
  if (self == nullptr) return;
  self->blocked = blocked;
  if (pending == nullptr) return;
  self->pending = Bit(kSigsys);
  self->sigsys = *pending;
}

}  // namespace abishim::signals

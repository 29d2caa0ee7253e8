#include "shim/exec/namespace.h"

#include <linux/fcntl.h>
#include <linux/futex.h>
#include <linux/mman.h>
#include <linux/sched.h>

#include "shim/memory/host.h"
#include "tracee.h"  // arch/ARCH

namespace abishim::exec {
namespace {

[[noreturn]] void Leave(void*) {
  for (;;) HostCall<"exit">(0);
}

// Where no /proc tells: a thread can be made only in the namespace that we live in.
bool AskByThread() {
  constexpr Word kBytes = 8192;
  const long stack =
      HostCall<"mmap">(0, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (IsError(stack)) return true;
  int* const id = reinterpret_cast<int*>(stack);
  *id = 1;
  const long flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
                     CLONE_SYSVSEM | CLONE_UNTRACED | CLONE_CHILD_CLEARTID;
  const long made = abishim_spawn(flags, reinterpret_cast<void*>(stack + kBytes), Leave, 0, id);
  // The kernel clears *id when the thread is gone, and only then is its stack free.
  while (!IsError(made) && __atomic_load_n(id, __ATOMIC_ACQUIRE) != 0) {
    HostCall<"futex">(id, FUTEX_WAIT, 1, 0, 0, 0);
  }
  HostCall<"munmap">(stack, kBytes);
  return IsError(made);
}

}  // namespace

bool ChildrenLiveElsewhere() {
  char own[64], children[64];
  // Namespaces are a thread's own. The first thread's are found by fewer new entries of /proc.
  const bool first = HostCall<"gettid">() == HostCall<"getpid">();
  const long length = HostCall<"readlinkat">(
      AT_FDCWD, first ? "/proc/self/ns/pid" : "/proc/thread-self/ns/pid", own, sizeof(own));
  if (IsError(length)) return AskByThread();
  const long other = HostCall<"readlinkat">(
      AT_FDCWD, first ? "/proc/self/ns/pid_for_children" : "/proc/thread-self/ns/pid_for_children",
      children, sizeof(children));
  // Since 4.12. It is ENOENT, too, while the other namespace has no first process yet.
  if (IsError(other)) return AskByThread();
  return length != other || __builtin_memcmp(own, children, static_cast<Word>(length)) != 0;
}

}  // namespace abishim::exec

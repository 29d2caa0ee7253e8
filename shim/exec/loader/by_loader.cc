// execve by the loader, up to the point of no return.
#include <linux/fcntl.h>
#include <linux/mman.h>

#include "shim/exec/check/target.h"
#include "shim/exec/loader.h"
#include "shim/exec/loader/exe.h"
#include "shim/exec/loader/library.h"
#include "shim/exec/loader/order.h"
#include "shim/exec/loader/vectors.h"
#include "shim/exec/plain.h"
#include "shim/exec/rights.h"
#include "shim/image/image.h"
#include "shim/memory/host.h"
#include "shim/memory/stacks.h"
#include "shim/sandbox/kept.h"
#include "shim/signals/actions.h"
#include "shim/signals/masks.h"
#include "shim/signals/thread.h"
#include "shim/start/log.h"
#include "shim/start/settings.h"

namespace abishim::exec {
namespace {

// Would this file change the ids or the capabilities? The loader's does not.
bool GivesPrivileges(int fd) {
  if (NothingIsGained()) return false;
  arch::KernelStat stat;
  if (IsError(HostCall<"fstat">(fd, &stat))) return false;
  return GivesIds(stat) || HostCall<"fgetxattr">(fd, "security.capability", 0, 0) > 0;
}

// The program's view of the signals that are never blocked in truth.
void AddBlocked(const arch::Ucontext& frame, Order* order) {
  const signals::Thread* self = signals::SelfIfAny(frame);
  if (self == nullptr) return;
  order->mask |= self->blocked;
  order->pending = (self->pending & signals::Bit(signals::kSigsys)) != 0;
  if (order->pending) order->sigsys = self->sigsys;
}

// The order, and with it the filters that the program installed for itself: of those nobody tells
// how long they are, so they have memory of their own. (A vfork child leaves it with its parent.)
class Entry {
 public:
  Entry() : kept_(sandbox::TextBytes()) {
    if (kept_ == 0) return;
    const long mapped = HostCall<"mmap">(0, 2 * kept_ + kOrderBytes, PROT_READ | PROT_WRITE,
                                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (IsError(mapped)) {
      kept_ = 0;
      return;
    }
    text_ = reinterpret_cast<char*>(mapped);
    sandbox::WriteText(text_);
  }
  ~Entry() {
    if (kept_ != 0) HostCall<"munmap">(text_, 2 * kept_ + kOrderBytes);
  }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

  const char* kept() const { return kept_ != 0 ? text_ : ""; }
  char* at() { return kept_ != 0 ? text_ + kept_ : here_; }
  Word size() const { return kept_ + kOrderBytes; }

 private:
  Word kept_;
  char* text_ = nullptr;
  char here_[kOrderBytes];
};

// What leads to the loader is executed as it is named: if it is a sealed copy or on a read-only
// mount, that is what the program will look for in /proc/self/exe.
long ExecuteNamed(Request r, const Found& found, const Vectors& vectors) {
  r.argv = reinterpret_cast<Word>(vectors.argv());
  r.envp = reinterpret_cast<Word>(vectors.envp());
  const long error = MakeCall(r);
  return error == -ENOSYS ? HostCall<"execve">(found.name, r.argv, r.envp) : error;
}

long Load(const Request& r, const Found& found, bool as_named) {
  Entry entry;
  Order order{.mask = r.frame->mask & ~signals::KeptOpen(),
              .ignored = signals::IgnoredOfOurs(),
              .program = static_cast<Word>(found.program),
              .interpreter = static_cast<Word>(found.interpreter),
              .log = start::g_settings.log,
              .stats = start::g_settings.stats,
              .library = start::g_settings.library,
              .release = start::g_settings.release,
              .kept = entry.kept(),
              .name = found.name};
  AddBlocked(*r.frame, &order);
  if (!Encode(order, entry.at(), entry.size())) return -E2BIG;
  Vectors vectors;
  if (const long error = vectors.Build(r.argv, r.envp, found.front, found.fronts, entry.at())) {
    return error;
  }
  // From here on another thread's fork would hand them to its child.
  HostCall<"fcntl">(found.program, F_SETFD, 0);
  if (found.interpreter >= 0) HostCall<"fcntl">(found.interpreter, F_SETFD, 0);
  return as_named ? ExecuteNamed(r, found, vectors)
                  : ExecuteLibrary(vectors.argv(), vectors.envp());
}

void Complain(const Found& found, const char* why) {
  start::Line().Text("exec of ").Text(found.name).Text(": ").Text(why).Write(start::Log());
}

long FindAndLoad(const Request& r) {
  if ((r.flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)) != 0) return Plain(r);
  const Kernel kernel(kHost);
  Found found;
  const char* const instead = ProgramBehind(r.directory, r.path, r.flags);
  long error = Find(kernel, {r.directory, r.path, r.flags}, instead, &found);
  if (!IsError(error)) {
    if (found.program < 0) return Plain(r);
    if (Collides(found.elf, image::OwnBase(), image::Size())) {
      Complain(found, "it lies where the shim of this process tree is");
      error = -ENOEXEC;
    } else if (GivesPrivileges(found.program)) {
      Complain(found, "it gains privileges, so the shim stays behind");
      error = Plain(r);
    } else {
      error = Load(r, found, instead != nullptr);
      if (error == -EACCES) Complain(found, "the loader cannot be executed");
    }
  }
  Close(kernel, &found);
  return error;
}

struct Job {
  const Request* request;
  long result;
};

}  // namespace

long ByLoader(const Request& request) {
  Job job{&request, -ENOMEM};
  memory::RunWithRoom(
      request.frame->stack,
      [](void* at) {
        auto* job = static_cast<Job*>(at);
        job->result = FindAndLoad(*job->request);
      },
      &job);
  return job.result;
}

}  // namespace abishim::exec

// The library as a program, from its first instruction to that of the program that it loads.
//
// The kernel has mapped it somewhere; it is not relocated, and the filter lets no trapped call of
// this copy through. So the copy only asks where the tree's image lies, maps it there and goes on
// in it.
#include <linux/auxvec.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/prctl.h>

#include "shim/exec/loader/exe.h"
#include "shim/exec/loader/library.h"
#include "shim/exec/loader/memory_map.h"
#include "shim/exec/loader/order.h"
#include "shim/exec/loader/stack.h"
#include "shim/exec/old_program.h"
#include "shim/image/image.h"
#include "shim/memory/host.h"
#include "shim/memory/open.h"
#include "shim/plan/question.h"
#include "shim/sandbox/kept.h"
#include "shim/signals/actions.h"
#include "shim/signals/masks.h"
#include "shim/start/agent.h"
#include "shim/start/launch.h"
#include "shim/start/log.h"
#include "shim/start/settings.h"

namespace abishim::exec {
namespace {

[[noreturn]] void Refuse(const char* why, long error) {
  start::Line line;
  line.Text("loader: ").Text(why);
  if (error != 0) line.Text(": errno ").Number(-error);
  line.Write("-");
  for (;;) HostCall<"exit_group">(127);
}

// As the kernel ends a program that it cannot load any more.
[[noreturn]] void Die(const char* name, const char* what, long error) {
  start::Line line;
  line.Text("loader: ").Text(name).Text(": ").Text(what).Text(": errno ").Number(-error);
  line.Write(start::Log());
  const arch::Sigaction none{};
  const Word all = ~Word{0};
  HostCall<"rt_sigaction">(signals::kSigsegv, &none, 0, 8);
  HostCall<"rt_sigprocmask">(signals::kSigUnblock, &all, 0, 8);
  HostCall<"tgkill">(HostCall<"getpid">(), HostCall<"gettid">(), signals::kSigsegv);
  for (;;) HostCall<"exit_group">(127);
}

// Our own file, by whatever name there is. -1: none.
long OpenSelf(const char* name) {
  for (const char* path : {"/proc/self/exe", name}) {
    if (path == nullptr) continue;
    const long fd = memory::OpenToRead(path);
    if (IsError(fd)) continue;
    if (image::IsSelf(fd)) return fd;
    HostCall<"close">(fd);
  }
  // "/dev/fd/N": without a /proc it was left open.
  constexpr char kByDescriptor[] = "/dev/fd/";
  for (int i = 0; kByDescriptor[i] != '\0'; ++i) {
    if (name == nullptr || name[i] != kByDescriptor[i]) return -1;
  }
  long fd = 0;
  for (const char* at = name + sizeof(kByDescriptor) - 1; *at >= '0' && *at <= '9'; ++at) {
    fd = 10 * fd + (*at - '0');
  }
  return image::IsSelf(fd) ? fd : -1;
}

struct Program {
  Elf elf;
  Mapped mapped;
  Word base = 0, entry = 0;
};

void Load(const Order& order, Word stack, Program* program) {
  const Kernel kernel(kHost);
  const int fd = static_cast<int>(order.program);
  long error = ReadElf(kernel, fd, &program->elf);
  if (IsError(error)) Die(order.name, "not read", error);
  if (HasCodeAnywhere(program->elf)) AllowCodeAnywhere(stack);
  const bool interpreted = order.interpreter != ~Word{0};
  error =
      MapElf(fd, program->elf, interpreted ? Place::kProgram : Place::kStatic, &program->mapped);
  if (IsError(error)) Die(order.name, "not mapped", error);
  program->entry = program->mapped.entry;
  if (!interpreted) return;

  const int other = static_cast<int>(order.interpreter);
  Elf elf;
  Mapped mapped;
  error = ReadInterpreter(kernel, other, &elf);
  if (!IsError(error)) error = MapElf(other, elf, Place::kInterpreter, &mapped);
  if (IsError(error)) Die(order.name, "its interpreter", error);
  program->base = mapped.bias;
  program->entry = mapped.entry;
  HostCall<"close">(other);
}

const char* LastPart(const char* path) {
  const char* part = path;
  for (; *path != '\0'; ++path) {
    if (*path == '/') part = path + 1;
  }
  return part;
}

// PT_GNU_STACK may ask for a stack with code on it.
void AllowCodeOnStack(const Elf& elf, const Stack& stack) {
  for (const Elf64_Phdr& segment : elf) {
    if (segment.p_type != PT_GNU_STACK || (segment.p_flags & PF_X) == 0) continue;
    HostCall<"mprotect">(PageOf(reinterpret_cast<Word>(stack.start())), kPage,
                         PROT_READ | PROT_WRITE | PROT_EXEC | PROT_GROWSDOWN);
  }
}

// (The loader's own exec ended what the program before had of it.)
bool NeedsVsyscall(int program) {
  char head[4096];
  const long got = HostCall<"pread64">(program, head, sizeof(head), 0);
  return !IsError(got) && WantsVsyscall(head, static_cast<Word>(got));
}

// Our signals as the program left them, then our handlers in their place.
void Wake(const Order& order, const start::Boot& boot) {
  signals::Ignore(order.ignored);
  start::Awake(boot);
  HostCall<"rt_sigprocmask">(signals::kSigUnblock, &signals::kFaults, 0, 8);
}

// In the copy at the tree's base.
[[noreturn]] void Go(Word* start, Word other, const Presence& presence) {
  HostCall<"munmap">(other, image::Size());
  Stack stack(start);
  Order order;
  char* const entry = stack.last();
  if (entry == nullptr || !Decode(entry, &order)) Refuse("this is no program to be run", 0);
  stack.DropLast();
  start::Boot boot;
  boot.settings.frame_bytes = stack.Aux(AT_MINSIGSTKSZ);
  boot.settings.exec = static_cast<start::ExecWay>(presence.exec);
  boot.settings.mode = static_cast<start::Mode>(presence.mode);
  start::Keep(order.log, boot.settings.log);
  start::Keep(order.stats, boot.settings.stats);
  start::Keep(order.library, boot.settings.library);
  start::Keep(order.release, boot.settings.release);
  boot.settings.vsyscall = presence.vsyscall || NeedsVsyscall(static_cast<int>(order.program));
  boot.vdso = stack.Aux(AT_SYSINFO_EHDR);
  boot.told = true;
  boot.blocked = order.mask;
  if (order.pending) boot.sigsys_pending = &order.sigsys;
  sandbox::ReadText(order.kept);
  Wake(order, boot);

  Program program;
  Load(order, reinterpret_cast<Word>(stack.start()), &program);
  stack.Describe(program.elf, program.mapped, program.base, order.name);
  AllowCodeOnStack(program.elf, stack);
  DescribeMemory(program.mapped, stack, entry);
  ShowProgram(static_cast<long>(order.program));
  HostCall<"close">(order.program);
  HostCall<"prctl">(PR_SET_NAME, LastPart(order.name));
  start::Line().Text("loaded ").Text(order.name).Write(start::Log());
  // What is pending comes now.
  const Word mask = order.mask & ~signals::KeptOpen();
  HostCall<"rt_sigprocmask">(signals::kSigSetmask, &mask, 0, 8);
  abishim_enter(stack.start(), reinterpret_cast<void*>(program.entry));
}

}  // namespace

extern "C" [[gnu::visibility("hidden"), noreturn]] void abishim_on_start(Word* start) {
  if (start::IsLaunch(start) && !IsOrder(Stack(start).last())) start::Launch(start);
  const Presence presence = Ask(abishim_gate);
  if (!presence.translates) Refuse("this is no program to be run", 0);
  if (presence.version != kContract) Refuse("of another version than this process tree", 0);
  const auto* name = reinterpret_cast<const char*>(Stack(start).Aux(AT_EXECFN));
  const long fd = OpenSelf(name);
  const long mapped = image::MapFrom(fd, presence.base);
  if (fd >= 0) HostCall<"close">(fd);
  RemoveCopy(name);
  if (IsError(mapped)) Refuse("no place for the image", mapped);
  image::At(presence.base, &Go)(start, image::OwnBase(), presence);
  __builtin_unreachable();
}

}  // namespace abishim::exec

#include "shim/exec/plant.h"

#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/ptrace.h>

#include "shim/exec/flights.h"
#include "shim/exec/helper.h"
#include "shim/image/image.h"
#include "shim/memory/host.h"
#include "shim/sandbox/kept.h"
#include "shim/signals/masks.h"
#include "shim/start/log.h"
#include "tables/translate/proc_fd.h"
#include "tracee.h"  // arch/ARCH

namespace abishim::exec {
namespace {

constexpr int kSigtrap = 5;

// Writes into a program that is held: through /proc/PID/mem, or word by word where there is no such
// file. Both write to pages that are not writable.
class Memory {
 public:
  explicit Memory(long pid) : pid_(pid) {}
  ~Memory() {
    if (fd_ >= 0) HostCall<"close">(fd_);
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  // A /proc of another pid namespace has another process at this number: only what shows `word` at
  // `at` is the task's.
  void Open(Word at, Word word) {
    char path[32];
    char* end = translate::proc_fd::Append(path, "/proc/");
    end = translate::proc_fd::Append(end, static_cast<unsigned>(pid_));
    *translate::proc_fd::Append(end, "/mem") = '\0';
    fd_ = HostCall<"openat">(AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    Word seen = 0;
    if (fd_ < 0) return;
    if (HostCall<"pread64">(fd_, &seen, sizeof(seen), at) == sizeof(seen) && seen == word) return;
    HostCall<"close">(fd_);
    fd_ = -1;
  }

  bool Write(Word to, const void* from, Word bytes) {
    if (fd_ >= 0 && HostCall<"pwrite64">(fd_, from, bytes, to) == static_cast<long>(bytes)) {
      return true;
    }
    const auto* word = static_cast<const Word*>(from);
    for (Word i = 0; i < bytes / sizeof(Word); ++i) {
      if (Ptrace(PTRACE_POKEDATA, pid_, to + i * sizeof(Word), word[i]) != 0) return false;
    }
    return true;
  }

 private:
  long pid_, fd_ = -1;
};

// Runs the stub: one mmap of the image's size at its base, nothing of it writable. False when the
// task is gone; else *result is what mmap gave.
bool MapByStub(long pid, const arch::TraceeRegisters& start, Word* result) {
  const Word place[6] = {image::OwnBase(),
                         image::Size(),
                         PROT_READ | PROT_EXEC,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
                         ~Word{0},
                         0};
  arch::TraceeRegisters registers = arch::ForStub(start, place);
  if (Ptrace(arch::kSetRegisters, pid, 0, reinterpret_cast<Word>(&registers)) != 0) return false;
  if (Ptrace(PTRACE_CONT, pid, 0, 0) != 0) return false;
  const Word end = arch::ProgramCounter(start) + arch::kStubEnd;
  for (;;) {
    const int status = NextStop(&pid);
    if (status == -1) return false;
    if (Ptrace(arch::kGetRegisters, pid, 0, reinterpret_cast<Word>(&registers)) != 0) continue;
    if (status >> 8 == kSigtrap && arch::ProgramCounter(registers) == end) break;
    PassOn(pid, status);
  }
  *result = arch::Result(registers);
  return true;
}

// The image's bytes are those of our own copy, which nobody can have changed: what is writable in
// it begins as zeros (tests/image/link.sh).
bool WriteImage(Memory* memory, const Handover& handover, const arch::TraceeRegisters& start) {
  for (const image::Part& part : image::Parts()) {
    if (part.writable) continue;
    if (!memory->Write(part.start, reinterpret_cast<const void*>(part.start), part.bytes)) {
      return false;
    }
  }
  sandbox::HandOn(
      [](void* memory, void* at, Word bytes) {
        static_cast<Memory*>(memory)->Write(reinterpret_cast<Word>(at), at, bytes);
      },
      memory);
  const Word entry = arch::ProgramCounter(start), stack = arch::StackPointer(start);
  return memory->Write(reinterpret_cast<Word>(&g_handover), &handover, sizeof(handover)) &&
         memory->Write(reinterpret_cast<Word>(&abishim_program_entry), &entry, sizeof(entry)) &&
         memory->Write(reinterpret_cast<Word>(&abishim_program_stack), &stack, sizeof(stack));
}

image::Part Writable() {
  for (const image::Part& part : image::Parts()) {
    if (part.writable) return part;
  }
  return {};
}

void Complain(const char* what) { start::Line().Text("exec: ").Text(what).Write(start::Log()); }

}  // namespace

void Plant(Job* job, long pid) {
  arch::TraceeRegisters start;
  if (Ptrace(arch::kGetRegisters, pid, 0, reinterpret_cast<Word>(&start)) != 0) return;
  if (!arch::IsNative(start)) return;
  const Word entry = arch::ProgramCounter(start);
  Word there = 0, mapped = 0;
  if (Ptrace(PTRACE_PEEKDATA, pid, entry, reinterpret_cast<Word>(&there)) != 0 ||
      Ptrace(PTRACE_POKEDATA, pid, entry, arch::kStub) != 0) {
    return Complain("the new program cannot be written to");
  }
  Memory memory(pid);
  memory.Open(entry, arch::kStub);
  if (!MapByStub(pid, start, &mapped)) return;
  // No signal may come between here and the agent. (int3 has unblocked SIGTRAP. Before 3.11 there
  // is no such request, and only a SIGTRAP that somebody sends could come.)
  const Word all = ~signals::Bit(signals::kSigsys);
  Ptrace(PTRACE_SETSIGMASK, pid, sizeof(all), reinterpret_cast<Word>(&all));
  CollectFlights(job->pid, &job->handover);
  const bool written = mapped == image::OwnBase() && WriteImage(&memory, job->handover, start);
  Ptrace(PTRACE_POKEDATA, pid, entry, there);
  if (!written) {
    Complain("no place for the image in the new program");
    start = arch::ForCall(start, entry, 0, 0, 0);
    Ptrace(PTRACE_SETSIGMASK, pid, sizeof(Word), reinterpret_cast<Word>(&job->handover.mask));
  } else {
    const image::Part data = Writable();
    start = arch::ForCall(start, reinterpret_cast<Word>(&abishim_agent), data.start, data.bytes,
                          PROT_READ | PROT_WRITE);
  }
  Ptrace(arch::kSetRegisters, pid, 0, reinterpret_cast<Word>(&start));
}

}  // namespace abishim::exec

#include "shim/exec/new_program.h"

#include <linux/fcntl.h>
#include <linux/ptrace.h>

#include "shim/exec/helper.h"
#include "shim/memory/host.h"
#include "shim/memory/open.h"
#include "tables/text.h"

namespace abishim::exec {
namespace {

constexpr int kSigtrap = 5;

}  // namespace

NewProgram::~NewProgram() {
  if (fd_ >= 0) HostCall<"close">(fd_);
}

// A /proc of another pid namespace has another process at this number: only what shows `word` at
// `at` is the task's.
void NewProgram::Open(Word at, Word word) {
  char path[32];
  char* end = text::Append(path, "/proc/");
  end = text::Append(end, static_cast<Word>(pid_));
  *text::Append(end, "/mem") = '\0';
  fd_ = HostCall<"openat">(AT_FDCWD, path, O_RDWR | O_CLOEXEC);
  Word seen = 0;
  if (fd_ < 0) return;
  if (HostCall<"pread64">(fd_, &seen, sizeof(seen), at) == sizeof(seen) && seen == word) return;
  HostCall<"close">(fd_);
  fd_ = -1;
}

bool NewProgram::PlantStub(Word place) {
  if (Ptrace(PTRACE_PEEKDATA, pid_, place, reinterpret_cast<Word>(&original_[0])) != 0 ||
      Ptrace(PTRACE_POKEDATA, pid_, place, arch::kStub[0]) != 0) {
    return false;
  }
  stub_ = place;
  Open(place, arch::kStub[0]);
  constexpr Word kRest = arch::kStubEnd - sizeof(Word);
  return Read(place + sizeof(Word), original_ + 1, kRest) &&
         Write(place + sizeof(Word), arch::kStub + 1, kRest);
}

void NewProgram::TakeStubAway() { Write(stub_, original_, sizeof(original_)); }

bool NewProgram::Read(Word from, void* to, Word bytes) {
  if (fd_ >= 0 && HostCall<"pread64">(fd_, to, bytes, from) == static_cast<long>(bytes)) {
    return true;
  }
  auto* word = static_cast<Word*>(to);
  for (Word i = 0; i < bytes / sizeof(Word); ++i) {
    const Word at = from + i * sizeof(Word);
    if (Ptrace(PTRACE_PEEKDATA, pid_, at, reinterpret_cast<Word>(&word[i])) != 0) return false;
  }
  return true;
}

bool NewProgram::Write(Word to, const void* from, Word bytes) {
  if (fd_ >= 0 && HostCall<"pwrite64">(fd_, from, bytes, to) == static_cast<long>(bytes)) {
    return true;
  }
  const auto* word = static_cast<const Word*>(from);
  for (Word i = 0; i < bytes / sizeof(Word); ++i) {
    if (Ptrace(PTRACE_POKEDATA, pid_, to + i * sizeof(Word), word[i]) != 0) return false;
  }
  return true;
}

bool NewProgram::GetRegisters() {
  return Ptrace(arch::kGetRegisters, pid_, 0, reinterpret_cast<Word>(&registers)) == 0;
}

bool NewProgram::SetRegisters(const arch::TraceeRegisters& r) {
  return Ptrace(arch::kSetRegisters, pid_, 0, reinterpret_cast<Word>(&r)) == 0;
}

bool NewProgram::RunStub(const arch::TraceeRegisters& start, Word stack, Word path,
                         const Word (&place)[6]) {
  if (!SetRegisters(arch::ForStub(start, stub_, stack, path, memory::kOpensToRead, place)))
    return false;
  if (Ptrace(PTRACE_CONT, pid_, 0, 0) != 0) return false;
  for (;;) {
    long pid = pid_;
    const int status = NextStop(&pid);
    if (status == -1) return false;
    if (!GetRegisters()) continue;
    if (status >> 8 == kSigtrap && arch::ProgramCounter(registers) == stub_ + arch::kStubEnd) {
      return true;
    }
    PassOn(pid, status);
  }
}

}  // namespace abishim::exec

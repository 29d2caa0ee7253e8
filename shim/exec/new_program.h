// A program that is held where it begins: its memory, and calls that it makes for us.
#pragma once

#include "tables/result.h"
#include "tracee.h"  // arch/ARCH

namespace abishim::exec {

// Reads and writes through /proc/PID/mem, or word by word where there is no such file. Both reach
// pages that are not writable.
class NewProgram {
 public:
  explicit NewProgram(long pid) : pid_(pid) {}
  ~NewProgram();
  NewProgram(const NewProgram&) = delete;
  NewProgram& operator=(const NewProgram&) = delete;

  // Plants the stub on the page at `place`, of code; false when the program cannot be written to.
  bool PlantStub(Word place);
  void TakeStubAway();

  bool Read(Word from, void* to, Word bytes);
  bool Write(Word to, const void* from, Word bytes);

  arch::TraceeRegisters registers = {};
  bool GetRegisters();
  bool SetRegisters(const arch::TraceeRegisters& r);
  // Runs the stub: mmap(place...), of the file named at `path`, an address there, unless that is 0.
  // `registers` are then as it left them. False when the task is gone.
  bool RunStub(const arch::TraceeRegisters& start, Word stack, Word path, const Word (&place)[6]);

 private:
  void Open(Word at, Word word);

  long pid_, fd_ = -1;
  Word stub_ = 0;
  Word original_[arch::kStubEnd / sizeof(Word)] = {};
};

}  // namespace abishim::exec

#include "shim/exec/old_program.h"

#include <linux/elf.h>
#include <linux/mman.h>
#include <linux/personality.h>

#include "registers.h"  // arch/ARCH
#include "shim/exec/check/abi_note.h"
#include "shim/memory/host.h"
#include "shim/memory/pages.h"
#include "shim/plan/question.h"
#include "shim/plan/vsyscall.h"

namespace abishim::exec {
bool IsOldStatic(const char* head, Word bytes) {
  Elf64_Ehdr header;
  if (bytes < sizeof(header)) return false;
  __builtin_memcpy(&header, head, sizeof(header));
  if (__builtin_memcmp(head, ELFMAG, SELFMAG) != 0) return false;
  bool old_note = false;
  for (Word i = 0, at = header.e_phoff; i < header.e_phnum; ++i, at += sizeof(Elf64_Phdr)) {
    Elf64_Phdr segment;
    if (at > bytes - sizeof(segment)) return false;
    __builtin_memcpy(&segment, head + at, sizeof(segment));
    if (segment.p_type == PT_INTERP) return false;
    if (segment.p_type != PT_NOTE || segment.p_offset > bytes) continue;
    const Word rest = bytes - segment.p_offset;
    const Word length = segment.p_filesz < rest ? segment.p_filesz : rest;
    const char* const note = head + segment.p_offset;
    old_note = old_note || IsOldNote(note, note + length);
  }
  return old_note;
}

bool IsOlderTree() { return Ask(abishim_gate).older; }

void AllowCodeAnywhere(Word stack) {
  const long now = HostCall<"personality">(0xffffffff);
  if (IsError(now)) return;
  HostCall<"personality">(now | READ_IMPLIES_EXEC);
  HostCall<"mprotect">(memory::PageOf(stack), memory::kPage,
                       PROT_READ | PROT_WRITE | PROT_GROWSDOWN);
}

bool WantsVsyscall(const char* head, Word bytes) {
  return IsOldStatic(head, bytes) && !Ask(abishim_gate).never_older &&
         ProbeVsyscall(abishim_gate) == Answer::kMissing;
}

}  // namespace abishim::exec

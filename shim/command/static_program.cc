#include "shim/command/static_program.h"

#include <elf.h>

#include <cstring>
#include <fstream>

namespace abishim::command {
namespace {

template <class T>
bool Read(std::ifstream* file, std::streamoff at, T* to) {
  file->seekg(at);
  return static_cast<bool>(file->read(reinterpret_cast<char*>(to), sizeof(*to)));
}

}  // namespace

bool IsStatic(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  Elf64_Ehdr header;
  if (!Read(&file, 0, &header) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return false;
  if (header.e_machine != EM_X86_64 || header.e_phentsize != sizeof(Elf64_Phdr)) return false;
  for (int i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    const auto at = static_cast<std::streamoff>(header.e_phoff + i * sizeof(segment));
    if (!Read(&file, at, &segment) || segment.p_type == PT_INTERP) return false;
  }
  return true;
}

}  // namespace abishim::command

#include "shim/command/older.h"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <vector>

#include "shim/exec/check/abi_note.h"

namespace abishim::command {
namespace {

namespace fs = std::filesystem;

constexpr int kFirstWithout = 15;  // glibc 2.15 leaves the vsyscall page alone

std::optional<std::string> Read(std::ifstream* file, std::size_t from, std::size_t bytes) {
  constexpr std::size_t kMost = 64 << 10;
  if (bytes > kMost) return {};
  std::string text(bytes, '\0');
  file->clear();
  file->seekg(static_cast<std::streamoff>(from));
  file->read(text.data(), static_cast<std::streamsize>(bytes));
  if (file->gcount() != static_cast<std::streamsize>(bytes)) return {};
  return text;
}

// The libraries of that time lie beside their ld.so and bear their version in their name:
// libc.so.6 -> libc-2.12.so.
bool HasOldLibrary(const std::string& interpreter) {
  std::error_code error;
  const fs::path loader = fs::canonical(interpreter, error);
  if (error) return false;
  const fs::path library = fs::read_symlink(loader.parent_path() / "libc.so.6", error).filename();
  int minor = 0;
  char end = '\0';
  return !error && sscanf(library.c_str(), "libc-2.%d%c", &minor, &end) == 2 &&
         (end == '.' || end == '-') && minor < kFirstWithout;
}

bool IsOlderElf(std::ifstream* file, const Elf64_Ehdr& header) {
  bool old_note = false;
  for (int i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    const auto read = Read(file, header.e_phoff + i * sizeof(segment), sizeof(segment));
    if (!read) return false;
    memcpy(&segment, read->data(), sizeof(segment));
    if (segment.p_type != PT_INTERP && segment.p_type != PT_NOTE) continue;
    const auto text = Read(file, segment.p_offset, segment.p_filesz);
    if (!text) return false;
    if (segment.p_type == PT_INTERP) return HasOldLibrary(text->c_str());
    old_note = old_note || exec::IsOldNote(text->data(), text->data() + text->size());
  }
  return old_note;
}

}  // namespace

bool IsOlder(const std::string& path) {
  std::string name = path;
  for (int scripts = 0; scripts < 5; ++scripts) {
    std::ifstream file(name, std::ios::binary);
    const auto head = Read(&file, 0, sizeof(Elf64_Ehdr));
    if (head && head->starts_with(ELFMAG)) {
      Elf64_Ehdr header;
      memcpy(&header, head->data(), sizeof(header));
      const bool ours = header.e_machine == EM_X86_64 && header.e_ident[EI_CLASS] == ELFCLASS64 &&
                        header.e_phentsize == sizeof(Elf64_Phdr);
      return ours && IsOlderElf(&file, header);
    }
    file.clear();
    file.seekg(0);
    std::string line;
    if (!std::getline(file, line) || !line.starts_with("#!")) return false;
    std::istringstream(line.substr(2)) >> name;
  }
  return false;
}

}  // namespace abishim::command

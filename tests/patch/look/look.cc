// look FILE, objdump -d's output of it on standard input: is the length of every instruction what
// arch/*/instruction.h says, and which of its call sites can be patched?
#include <elf.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "instruction.h"
#include "patch_site.h"

namespace {

using abishim::arch::FindSite;
using abishim::arch::kJumpBytes;
using abishim::arch::kSiteWindow;
using abishim::arch::Shape;
using abishim::arch::Site;

constexpr unsigned long kPage = 4096;

class File {
 public:
  explicit File(const char* path) {
    std::ifstream file(path, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(file), {});
  }
  // The segment's bytes from this address to its end; empty where none is.
  std::pair<const unsigned char*, const unsigned char*> At(unsigned long address) const {
    const auto* header = reinterpret_cast<const Elf64_Ehdr*>(bytes_.data());
    const auto* segment = reinterpret_cast<const Elf64_Phdr*>(bytes_.data() + header->e_phoff);
    for (int i = 0; i < header->e_phnum; ++i, ++segment) {
      if (segment->p_type != PT_LOAD || address - segment->p_vaddr >= segment->p_filesz) continue;
      const auto* start = reinterpret_cast<const unsigned char*>(bytes_.data()) + segment->p_offset;
      return {start + (address - segment->p_vaddr), start + segment->p_filesz};
    }
    return {};
  }

 private:
  std::vector<char> bytes_;
};

// The registers as a call has them that goes through all these bytes: what they load.
struct Registers {
  long nr = -1;
  unsigned long args[6] = {1ul << 40, 1ul << 40, 1ul << 40, 1ul << 40, 1ul << 40, 1ul << 40};
};
Registers LoadedBy(const unsigned char* bytes, const unsigned char* end) {
  constexpr int kArguments[] = {7, 6, 2, 10, 8, 9};
  Registers loaded;
  for (; end - bytes >= 5; ++bytes) {
    int value;
    memcpy(&value, bytes + 1, sizeof(value));
    const int high = bytes[-1] == 0x41 ? 8 : 0;
    int reg = -1;
    if ((*bytes & 0xf8) == 0xb8) reg = (*bytes & 7) + high;
    if (memcmp(bytes - 2, "\x48\xc7\xc0", 3) == 0) reg = 0;
    if (reg == 0) loaded.nr = value;
    for (int i = 0; i < 6; ++i) {
      if (reg == kArguments[i]) loaded.args[i] = static_cast<unsigned>(value);
    }
  }
  return loaded;
}

std::string Judge(const File& file, unsigned long address) {
  const unsigned char* at = file.At(address).first;
  if (file.At(address - kSiteWindow).first == nullptr) return "text begins";
  const Registers loaded = LoadedBy(at - (kSiteWindow - 4), at);
  const Site site = FindSite(at + 2 - kSiteWindow, 0, address + 2, loaded.nr, loaded.args);
  const bool number = at[-5] == 0xb8 || memcmp(at - 7, "\x48\xc7\xc0", 3) == 0;
  if (site.shape == Shape::kNone) return number ? "another reading" : "other instructions";
  if (site.start / kPage != (site.start + kJumpBytes - 1) / kPage) return "across pages";
  if (site.shape == Shape::kNumber) return site.bytes > 7 || !number ? "number, moved" : "number";
  return memcmp(site.moved, "\x4c\x8b\x4c\x24", 4) == 0 ? "syscall()" : "argument";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const File file(argv[1]);
  std::map<std::string, int> sites;
  long instructions = 0, wrong = 0;
  std::string line;
  unsigned long last = 0;
  while (std::getline(std::cin, line)) {
    // " ADDRESS:\tBYTES \tTEXT"; bytes that go on in a second line have no text there.
    char* end;
    const unsigned long address = strtoul(line.c_str(), &end, 16);
    const size_t tab = line.find('\t', line.find('\t') + 1);
    if (*end != ':' || line[0] != ' ') {
      last = 0;
      continue;
    }
    if (tab == std::string::npos) continue;
    const std::string text = line.substr(tab + 1);
    if (last != 0 && address > last) {
      const auto [at, stop] = file.At(last);
      ++instructions;
      if (abishim::arch::Decode(at, stop).length != static_cast<int>(address - last) &&
          ++wrong < 10) {
        printf("%lx: %d bytes, not %d\n", last, static_cast<int>(address - last),
               abishim::arch::Decode(at, stop).length);
      }
    }
    const bool odd = text.find("(bad)") != std::string::npos || text[0] == '.' ||
                     text.rfind("data16", 0) == 0 || text.find("fwait") != std::string::npos ||
                     text.rfind("rex", 0) == 0 || text.rfind("lock", 0) == 0 ||
                     (file.At(address).first != nullptr && *file.At(address).first == 0x9b);
    last = odd ? 0 : address;
    if (text.rfind("syscall", 0) == 0) ++sites[Judge(file, address)];
  }
  int all = 0, good = 0;
  for (const auto& [why, count] : sites) {
    all += count;
    if (why.starts_with("number") || why == "syscall()" || why == "argument") good += count;
  }
  printf("%d of %d sites (%.0f %%)", good, all, all == 0 ? 0.0 : 100.0 * good / all);
  for (const auto& [why, count] : sites) printf(", %s %d", why.c_str(), count);
  printf("; %ld instructions, %ld misread\n", instructions, wrong);
  return wrong != 0 || instructions == 0;
}

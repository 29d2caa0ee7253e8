// Programs with hostile headers: what the loader says before the old program is gone, beside the
// kernel's own execve; and, end to end, what becomes of those that pass.

#include <filesystem>
#include <memory>

#include "tests/exec/loader/files.h"
#include "tests/support/oracle.h"

namespace abishim::test {
namespace {

using exec::Found;

int ByUs(const std::string& path) {
  const Kernel kernel(HostAsked(Asking::kByCheck));
  const int descriptors = OpenDescriptors();
  auto found = std::make_unique<Found>();
  const exec::Name name{AT_FDCWD, Address(path.c_str()), 0};
  long error = exec::Find(kernel, name, nullptr, found.get());
  if (error == 0 && found->program < 0) error = -ENOEXEC;  // the kernel is asked, and says so
  exec::Close(kernel, found.get());
  EXPECT_EQ(OpenDescriptors(), descriptors);
  return static_cast<int>(-error);
}

struct Kind {
  const char* name;
  std::string bytes;
};
std::vector<Kind> Kinds() {
  return {{"static", ReadFile(ABISHIM_PRINT_ARGUMENTS)},
          {"static-pie", ReadFile(ABISHIM_PRINT_ARGUMENTS "_static_pie")},
          {"dynamic", ReadFile(ABISHIM_PRINT_ARGUMENTS "_dynamic")},
          {"pie", ReadFile(ABISHIM_PRINT_ARGUMENTS "_pie")}};
}

Elf64_Ehdr& HeaderOf(std::string* bytes) { return *reinterpret_cast<Elf64_Ehdr*>(bytes->data()); }
Elf64_Phdr& SegmentOf(std::string* bytes, int i) {
  return reinterpret_cast<Elf64_Phdr*>(bytes->data() + sizeof(Elf64_Ehdr))[i];
}

Word Wild() {
  return RandomOf({Word{0}, Word{1}, Word{0xfff}, Word{0x1000}, Word{0x200000}, Word{1} << 31,
                   Word{1} << 40, (Word{1} << 47) - 1, Word{1} << 47, Word{1} << 63, ~Word{0},
                   ~Word{0xfff}, static_cast<Word>(RandomInt(0, 1 << 20))});
}

void MutateHeader(std::string* bytes) {
  Elf64_Ehdr& header = HeaderOf(bytes);
  switch (RandomInt(0, 8)) {
    case 0:
      header.e_ident[RandomInt(0, 5)] ^= static_cast<unsigned char>(1 << RandomInt(0, 7));
      break;
    case 1:
      header.e_type = static_cast<Elf64_Half>(RandomInt(0, 5));
      break;
    case 2:
      header.e_machine = RandomOf<Elf64_Half>({0, 3, 62, 183, 0xffff});
      break;
    case 3:
      header.e_phentsize = RandomOf<Elf64_Half>({0, 32, 55, 56, 57, 64});
      break;
    case 4:
      header.e_phnum = RandomOf<Elf64_Half>({0, 1, 2, 5, 72, 73, 74, 1000, 0xffff});
      break;
    case 5:
      header.e_phoff = Wild();
      break;
    case 6:
      header.e_entry = Wild();
      break;
    case 7:
      bytes->resize(RandomInt(0, 1200));
      break;
    case 8:
      bytes->resize(RandomInt(0, static_cast<int>(bytes->size())));
      break;
  }
}

void MutateSegment(std::string* bytes) {
  Elf64_Phdr& segment = SegmentOf(bytes, RandomInt(0, HeaderOf(bytes).e_phnum - 1));
  Elf64_Xword* const fields[] = {&segment.p_offset, &segment.p_vaddr, &segment.p_filesz,
                                 &segment.p_memsz, &segment.p_align};
  switch (RandomInt(0, 5)) {
    case 0:
      segment.p_type =
          RandomOf<Elf64_Word>({PT_NULL, PT_LOAD, PT_INTERP, PT_GNU_STACK, PT_DYNAMIC});
      break;
    case 1:
      segment.p_flags = static_cast<Elf64_Word>(RandomInt(0, 7));
      break;
    case 2:
      *fields[RandomInt(0, 4)] += RandomOf<Word>({1, 0x1000, ~Word{0xfff}, ~Word{0}});
      break;
    default:
      *fields[RandomInt(0, 4)] = Wild();
  }
}

std::string Hostile(const std::string& sound) {
  std::string bytes = sound;
  if (RandomInt(0, 2) == 0) {
    MutateHeader(&bytes);
  } else {
    for (int n = RandomInt(1, 2); n > 0; --n) MutateSegment(&bytes);
  }
  return bytes;
}

std::vector<std::string> Lines(const std::string& command) {
  std::vector<std::string> lines;
  FILE* pipe = popen(command.c_str(), "r");
  char line[8192];
  while (fgets(line, sizeof line, pipe) != nullptr) lines.emplace_back(line, strlen(line) - 1);
  EXPECT_EQ(pclose(pipe), 0) << command;
  return lines;
}

// The files, in a directory that everybody may enter; the first of each kind is sound.
class LoaderElf : public testing::Test {
 protected:
  LoaderElf() {
    chmod(directory_.path().c_str(), 0755);
    for (const Kind& kind : Kinds()) {
      for (int n = 0; n < kEach; ++n) {
        names_.push_back(kind.name + std::to_string(n));
        WriteFile(directory_ / names_.back(), n == 0 ? kind.bytes : Hostile(kind.bytes));
        spawn_ += " " + directory_ / names_.back();
      }
    }
    native_ = Lines(spawn_);
    EXPECT_EQ(native_.size(), names_.size());
  }
  static constexpr int kEach = 250;
  TempDir directory_;
  std::vector<std::string> names_, native_;
  std::string spawn_ = ABISHIM_SPAWN_EACH;
};

TEST_F(LoaderElf, RefusesWhatTheKernelRefuses) {
  Shares shares("hostile files");
  for (size_t i = 0; i < native_.size(); ++i) {
    int error = 0;
    // A program that the kernel began to load and then killed is not refused by us, either.
    sscanf(native_[i].c_str(), (names_[i] + " refused %d").c_str(), &error);
    shares.Count(-error);
    EXPECT_EQ(ByUs(directory_ / names_[i]), error) << native_[i];
  }
}

// Errno, exit status, output, or the signal that ended it: as natively.
TEST_F(LoaderElf, EndsAsUnderTheKernel) {
  const std::string log = directory_ / "log";
  WriteFile(log, "", 0666);
  const auto ours =
      Lines("ABISHIM_LOG=" + log +
            " " ABISHIM_COMMAND " run --exec=loader --pretend-kernel=3.10 -- " + spawn_);
  ASSERT_EQ(ours.size(), native_.size());
  std::map<std::string, int> ends;
  int collisions = 0;
  for (size_t i = 0; i < native_.size(); ++i) {
    // The stated limit: one that wants to lie where the shim does. The log says so (below).
    const bool meets = ours[i] != native_[i] && ours[i] == names_[i] + " refused 8";
    collisions += meets;
    EXPECT_EQ(ours[i], meets ? ours[i] : native_[i]);
    ++ends[native_[i].substr(names_[i].size() + 1, 4)];
  }
  for (const auto& [end, count] : ends) printf("%s: %d\n", end.c_str(), count);
  EXPECT_GT(ends["exit"], 100);
  EXPECT_GT(ends["kill"], 30);
  EXPECT_GT(ends["refu"], 100);
  // And it was really the loader.
  const std::string logged = ReadFile(log);
  int told = 0;
  for (size_t at = 0; (at = logged.find("it lies where the shim", at) + 1) != 0;) ++told;
  EXPECT_EQ(told, collisions);
  EXPECT_NE(logged.find("]: loaded " + (directory_ / "static0")), std::string::npos);
  EXPECT_EQ(logged.find("carried"), std::string::npos);
}

}  // namespace
}  // namespace abishim::test

// The other direction: --without, --no-vsyscall, --older, and the look that makes the last one
// needless for programs that are old.
#include "shim/command/older.h"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/command/spawn.h"

namespace abishim::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

Words Python(const std::string& code) { return {"python3", "-c", "import ctypes, os\n" + code}; }
Words Under(Words options, const Words& program) {
  options.insert(options.begin(), "run");
  options.push_back("--");
  options.insert(options.end(), program.begin(), program.end());
  return options;
}
// With the library.
Outcome On(Words words, const std::function<void()>& in_child = {}) {
  words.insert(words.begin(), ABISHIM_COMMAND);
  return Spawn(words, "", in_child);
}
std::string Count(int nr, const std::string& arguments) {
  return "l = ctypes.CDLL(None, use_errno=True)\nprint(l.syscall(" + std::to_string(nr) + ", " +
         arguments + "), ctypes.get_errno())\n";
}

TEST(Without, DeniesWhatTheHostStillHas) {
  const Words sysfs = Python(Count(SYS_sysfs, "3"));
  const std::string here = Spawn(sysfs).out;
  EXPECT_NE(here, "-1 38\n");
  EXPECT_EQ(Off(Under({}, sysfs)).out, here);
  EXPECT_EQ(Off(Under({"--without=sysfs"}, sysfs)).out, "-1 38\n");
  EXPECT_EQ(Off(Under({"--without=ustat,sysfs"}, sysfs)).out, "-1 38\n");
  EXPECT_EQ(Off(Under({"--without=ustat"}, sysfs)).out, here);
  // A current program is none the wiser; one that is said to be old gets it back.
  EXPECT_EQ(On(Under({"--without=sysfs"}, sysfs)).out, "-1 38\n");
  EXPECT_EQ(On(Under({"--without=sysfs", "--older"}, sysfs)).out, here);
  EXPECT_EQ(On(Under({"--without=sysfs", "--older", "--policy=repair"}, sysfs)).out, "-1 38\n");
}

TEST(Without, RefusesWhatIsNoCall) {
  const Outcome outcome = Off(Under({"--without=sysfs,nosuchcall"}, {"true"}));
  EXPECT_EQ(outcome.exit, 2);
  EXPECT_THAT(outcome.err, HasSubstr("nosuchcall"));
}

// time(), called where it had a fixed address.
const char kTime[] =
    "t = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_void_p)(0xffffffffff600400)\n"
    "import time\nprint(abs(t(None) - time.time()) < 3)\n";

TEST(NoVsyscall, FetchesFail) {
  ASSERT_EQ(Spawn(Python(kTime)).out, "True\n") << "this host has no such page itself";
  const Outcome bare = Off(Under({"--no-vsyscall"}, Python(kTime)));
  EXPECT_EQ(bare.exit == 128 + SIGSEGV || bare.signal == SIGSEGV, true) << bare.exit;
  EXPECT_EQ(bare.out, "");
  // Not wanted: nothing is done about it.
  EXPECT_EQ(On(Under({"--no-vsyscall"}, Python(kTime))).out, "");
  EXPECT_EQ(On(Under({"--no-vsyscall", "--older"}, Python(kTime))).out, "True\n");
  // Children too, and what they execute.
  const Words shell = {"sh", "-c", "python3 -c '" + Python(kTime)[2] + "'; true"};
  EXPECT_EQ(On(Under({"--no-vsyscall", "--older"}, shell)).out, "True\n");
}

TEST(NoVsyscall, LeavesTheRestAlone) {
  const Outcome outcome = Off(Under({"--no-vsyscall"}, {"sh", "-c", "echo out; kill -TERM $$"}));
  EXPECT_EQ(outcome.out, "out\n");
  EXPECT_EQ(outcome.signal, SIGTERM);
  EXPECT_EQ(Off(Under({"--no-vsyscall"}, {"sh", "-c", "exit 7"})).exit, 7);
}

TEST(Older, TheEnvironmentSaysIt) {
  const Words sysfs = Python(Count(SYS_sysfs, "3"));
  const std::string here = Spawn(sysfs).out;
  const auto with = [](const char* value) {
    return [value] { setenv("ABISHIM_OLDER", value, 1); };
  };
  EXPECT_EQ(On(Under({"--without=sysfs"}, sysfs), with("1")).out, here);
  EXPECT_EQ(On(Under({"--without=sysfs"}, sysfs), with("0")).out, "-1 38\n");
  const Outcome odd = On(Under({"--without=sysfs"}, sysfs), with("perhaps"));
  EXPECT_EQ(odd.out, "-1 38\n");
  EXPECT_THAT(odd.err, HasSubstr("ABISHIM_OLDER has a value that is not understood"));
}

TEST(Older, TheDoctorSaysWhatWouldBeDone) {
  const Outcome current = Off({"doctor", "--json"}), older = Off({"doctor", "--json", "--older"});
  EXPECT_EQ(current.exit, 0) << current.err;
  EXPECT_THAT(current.out, Not(HasSubstr("\"_sysctl\"")));
  EXPECT_THAT(older.out, HasSubstr("\"_sysctl\""));
  EXPECT_THAT(older.out, HasSubstr("\"vsyscall_page\": \"works\""));
  const Outcome without =
      Off(Under({"--no-vsyscall", "--without=sysfs"}, {ABISHIM_COMMAND, "doctor", "--older"}));
  EXPECT_THAT(without.out,
              HasSubstr("sysfs                    missing   translate  loses: Needs /proc"));
  EXPECT_THAT(without.out, HasSubstr("vsyscall page            missing"));
  EXPECT_THAT(without.out, HasSubstr("programs that read it fail"));
}

class Look : public testing::Test {
 protected:
  Look() {
    char name[] = "/tmp/abishim-older-XXXXXX";
    folder_ = mkdtemp(name);
  }
  ~Look() override { fs::remove_all(folder_); }

  // A program of no code: an ABI note, and an interpreter if there is one.
  std::string Program(unsigned major, unsigned minor, const std::string& interpreter) {
    Elf64_Ehdr header{};
    memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_machine = EM_X86_64;
    header.e_phoff = sizeof(header);
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = interpreter.empty() ? 1 : 2;
    const unsigned note[] = {4, 16, 1, 0x554e47, 0, major, minor, 0};
    Elf64_Phdr segments[2] = {};
    segments[0].p_type = PT_NOTE;
    segments[0].p_offset = sizeof(header) + sizeof(segments);
    segments[0].p_filesz = sizeof(note);
    segments[1].p_type = PT_INTERP;
    segments[1].p_offset = segments[0].p_offset + sizeof(note);
    segments[1].p_filesz = interpreter.size() + 1;
    const std::string path = folder_ / ("program" + std::to_string(++programs_));
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<char*>(&header), sizeof(header));
    file.write(reinterpret_cast<char*>(segments), sizeof(segments));
    file.write(reinterpret_cast<const char*>(note), sizeof(note));
    file.write(interpreter.c_str(), static_cast<long>(interpreter.size()) + 1);
    return path;
  }
  // ld.so and, beside it, libc.so.6 -> the name.
  std::string Interpreter(const std::string& library) {
    const fs::path folder = folder_ / library;
    fs::create_directory(folder);
    std::ofstream(folder / "ld-2.so") << "";
    fs::create_symlink(library, folder / "libc.so.6");
    fs::create_symlink("ld-2.so", folder / "ld-linux-x86-64.so.2");
    return folder / "ld-linux-x86-64.so.2";
  }

  fs::path folder_;
  int programs_ = 0;
};

TEST_F(Look, StaticPrograms) {
  EXPECT_TRUE(command::IsOlder(Program(2, 6, "")));
  EXPECT_TRUE(command::IsOlder(Program(3, 1, "")));
  EXPECT_FALSE(command::IsOlder(Program(3, 2, "")));
  EXPECT_FALSE(command::IsOlder(Program(4, 0, "")));
}

// Their note does not matter: what they call is in the library.
TEST_F(Look, DynamicPrograms) {
  EXPECT_TRUE(command::IsOlder(Program(2, 6, Interpreter("libc-2.12.so"))));
  EXPECT_TRUE(command::IsOlder(Program(3, 2, Interpreter("libc-2.5.so"))));
  EXPECT_TRUE(command::IsOlder(Program(2, 6, Interpreter("libc-2.14.1.so"))));
  EXPECT_FALSE(command::IsOlder(Program(2, 6, Interpreter("libc-2.15.so"))));
  EXPECT_FALSE(command::IsOlder(Program(2, 6, Interpreter("libc-2.31.so"))));
  EXPECT_FALSE(command::IsOlder(Program(2, 6, Interpreter("libc.so.6.0"))));
  EXPECT_FALSE(command::IsOlder(Program(2, 6, "/no/such/ld.so")));
}

TEST_F(Look, OtherFiles) {
  const std::string old = Program(2, 6, ""), script = folder_ / "script", self = folder_ / "self";
  std::ofstream(script) << "#! " << old << " -x\ntext";
  EXPECT_TRUE(command::IsOlder(script));
  std::ofstream(self) << "#!" << self << "\n";
  EXPECT_FALSE(command::IsOlder(self));
  for (const char* path : {"/bin/sh", ABISHIM_COMMAND, "/dev/null", "/no/such/file", "/"}) {
    EXPECT_FALSE(command::IsOlder(path)) << path;
  }
}

}  // namespace
}  // namespace abishim::test

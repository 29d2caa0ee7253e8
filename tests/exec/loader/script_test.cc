// `#!` lines of all shapes: what the loader makes of them, beside the kernel's own execve.
#include <filesystem>
#include <memory>

#include "tests/exec/loader/files.h"
#include "tests/support/oracle.h"

namespace abishim::test {
namespace {

using exec::Found;
using namespace std::string_literals;

// The arguments that the interpreter would get, printed as print_arguments does; or the errno.
Ran ByUs(const std::string& path, const std::vector<std::string>& arguments,
         Asking asking = Asking::kByCheck) {
  Ran ran;
  const Kernel kernel(HostAsked(asking));
  const int descriptors = OpenDescriptors();
  auto found = std::make_unique<Found>();
  const exec::Name name{AT_FDCWD, Address(path.c_str()), 0};
  ran.error = static_cast<int>(-exec::Find(kernel, name, nullptr, found.get()));
  if (ran.error == 0 && found->program < 0)
    ran.error = ENOEXEC;  // the kernel is asked, and says so
  exec::Close(kernel, found.get());
  EXPECT_EQ(OpenDescriptors(), descriptors);
  if (ran.error != 0) return ran;
  const auto print = [&ran](const std::string& text) {
    ran.printed += std::to_string(text.size()) + ":" + text + "\n";
  };
  for (int i = 0; i < found->fronts; ++i) print(found->front[i]);
  for (size_t i = found->fronts > 0 ? 1 : 0; i < arguments.size(); ++i) print(arguments[i]);
  return ran;
}

class Script : public testing::Test {
 protected:
  Script() {
    std::filesystem::copy(ABISHIM_PRINT_ARGUMENTS, directory_ / "i");
    WriteFile(directory_ / "denied", "", 0644);
    WriteFile(directory_ / "empty", "");
    mkdir((directory_ / "d").c_str(), 0755);
  }
  long Agree(const std::string& text, const char* what) {
    const std::string path = directory_ / "script";
    WriteFile(path, text);
    const std::vector<std::string> arguments = {"zero", "one", ""};
    const Ran native = Execute(path, arguments), ours = ByUs(path, arguments);
    EXPECT_EQ(ours.error, native.error) << what << testing::PrintToString(text);
    EXPECT_EQ(ours.printed, native.printed) << what << testing::PrintToString(text);
    return -native.error;
  }
  TempDir directory_;
};

TEST_F(Script, LinesByHand) {
  const std::string i = directory_ / "i";
  for (const std::string& text :
       std::vector<std::string>{"#!" + i,
                                "#!" + i + "\n",
                                "#! \t" + i + " \t\n",
                                "#!" + i + " a b  c \t\nrest",
                                "#!" + i + "\ta\tb\n",
                                "#!" + i + " \n",
                                "#!" + i + "\r\n",
                                "#!" + i + " a\0b\n"s,
                                "#!\n"s,
                                "#!"s,
                                "#! "s,
                                "#!\t \n"s,
                                "#"s,
                                ""s,
                                "!#"s,
                                "#!\0"s,
                                "#!\0\n"s,
                                "# !"s + i,
                                "#!" + std::string(300, ' '),
                                "#!" + std::string(300, 'x'),
                                "#!" + std::string(253 - i.size(), ' ') + i,
                                "#!" + std::string(254 - i.size(), ' ') + i,
                                "#!" + std::string(252 - i.size(), ' ') + i,
                                "#!" + i + std::string(300, ' ') + "a\n",
                                "#!" + i + " " + std::string(300, 'a'),
                                "#!" + (directory_ / "denied"),
                                "#!" + (directory_ / "empty"),
                                "#!" + (directory_ / "d"),
                                "#!" + (directory_ / "none"),
                                "#!" + i + "/x",
                                "#!relative"s,
                                "#!script"s}) {
    Agree(text, "by hand ");
  }
}

TEST_F(Script, RandomLines) {
  Shares shares("script");
  const std::string i = directory_ / "i";
  for (int n = 0; n < 1500; ++n) {
    std::string text = "#!";
    if (RandomInt(0, 3) == 0) text += std::string(RandomInt(0, 250), ' ');
    for (int parts = RandomInt(1, 6); parts > 0; --parts) {
      const int part = RandomInt(-3, 11);
      if (part < 0 && text.size() > 2) continue;
      if (part < 5) text += i;
      if (part == 5) text += " ";
      if (part == 6) text += "\t";
      if (part == 7) text += "\n";
      if (part == 8) text += '\0';
      if (part == 9) text += std::string(RandomInt(1, 260), 'a');
      if (part == 10) text += std::string(RandomInt(1, 260), RandomInt(0, 1) ? ' ' : '\t');
      if (part == 11) text += " a b ";
    }
    shares.Count(Agree(text, "random "));
  }
}

// Interpreters that are scripts: the kernel follows five.
TEST_F(Script, Nested) {
  WriteFile(directory_ / "s0", "#!" + (directory_ / "i") + " last\n");
  for (int depth = 1; depth < 9; ++depth) {
    const std::string path = directory_ / ("s" + std::to_string(depth));
    const std::string argument = depth % 2 ? " arg" + std::to_string(depth) : "";
    WriteFile(path, "#!" + (directory_ / ("s" + std::to_string(depth - 1))) + argument + "\n");
    const std::vector<std::string> arguments = {"zero", "one"};
    const Ran native = Execute(path, arguments), ours = ByUs(path, arguments);
    EXPECT_EQ(ours.error, native.error) << depth;
    EXPECT_EQ(ours.printed, native.printed) << depth;
    EXPECT_EQ(native.error, depth < 5 ? 0 : ELOOP) << depth;
  }
}

// What stands in the way of the file itself.
TEST_F(Script, Permissions) {
  const std::vector<std::string> arguments = {"zero"};
  std::filesystem::copy(ABISHIM_PRINT_ARGUMENTS, directory_ / "busy");
  symlink("loop", (directory_ / "loop").c_str());
  mkfifo((directory_ / "fifo").c_str(), 0755);
  const int writer = open((directory_ / "busy").c_str(), O_WRONLY | O_CLOEXEC);
  ASSERT_GE(writer, 0);
  for (const char* name :
       {"i", "busy", "denied", "d", "none", "i/x", "loop", "fifo", "empty", "i/", "d/../i", "."}) {
    for (const Asking asking : {Asking::kByCheck, Asking::kByBadArguments, Asking::kByPermission}) {
      const Ran native = Execute(directory_ / name, arguments);
      const Ran ours = ByUs(directory_ / name, arguments, asking);
      EXPECT_EQ(ours.error, native.error) << name << " asked " << int(asking);
      EXPECT_EQ(ours.printed, native.printed) << name;
    }
  }
  EXPECT_EQ(Execute(directory_ / "busy", arguments).error, ETXTBSY);
  close(writer);
  EXPECT_EQ(Execute("", arguments).error, ENOENT);
  EXPECT_EQ(ByUs("", arguments).error, ENOENT);
  const std::string longest(4095, '/'), longer(4096, '/');
  EXPECT_EQ(ByUs(longest, arguments).error, Execute(longest, arguments).error);
  EXPECT_EQ(ByUs(longer, arguments).error, Execute(longer, arguments).error);
}

}  // namespace
}  // namespace abishim::test

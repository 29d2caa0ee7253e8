// The values of flags.h against the kernel's own headers.
#include "tables/flags.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "tests/support/oracle.h"

namespace abishim::test {
namespace {

namespace fs = std::filesystem;

// A program that prints each name with its value, as the headers in `include` have them.
std::string Program(const fs::path& include) {
  std::string text =
      "#define __force\n#include <sys/socket.h>\n#include <asm/ioctls.h>\n#include <time.h>\n"
      "#include <stdio.h>\n";
  for (const char* header :
       {"close_range", "falloc", "fcntl", "fs", "futex", "in", "inotify", "memfd", "mman", "mount",
        "pidfd", "prctl", "random", "sched", "seccomp", "tcp", "wait", "watch_queue"}) {
    const std::string file = "linux/" + std::string(header) + ".h";
    if (fs::exists(include / file)) text += "#include <" + file + ">\n";
  }
  text += "int main() {\n";
  for (const Flag& flag : kFlags) {
    const std::string name(flag.name);
    text +=
        "#ifdef " + name + "\n printf(\"" + name + " %u\\n\", (unsigned)(" + name + "));\n#endif\n";
  }
  return text + "}\n";
}

std::map<std::string, unsigned> ValuesIn(const fs::path& include) {
  const TempDir dir;
  std::ofstream(dir / "print.c") << Program(include);
  const std::string compile = "gcc -w -isystem " + include.string() + " -isystem " +
                              (include / "x86_64-linux-gnu").string() + " -o " + dir / "print" +
                              " " + dir / "print.c" + " && " + dir / "print" + " >" +
                              dir / "values";
  EXPECT_EQ(system(compile.c_str()), 0) << compile;
  std::map<std::string, unsigned> values;
  std::ifstream file(dir / "values");
  std::string name;
  for (unsigned value; file >> name >> value;) values[name] = value;
  return values;
}

void Compare(const fs::path& include, bool all) {
  const auto values = ValuesIn(include);
  EXPECT_GT(values.size(), 50u);
  for (const Flag& flag : kFlags) {
    const auto value = values.find(std::string(flag.name));
    EXPECT_TRUE(value != values.end() || !all) << flag.name;
    if (value == values.end()) continue;
    EXPECT_EQ(flag.use.value, value->second) << flag.name;
  }
}

TEST(FlagValues, AgreeWithThisMachine) { Compare("/usr/include", false); }

TEST(FlagValues, AgreeWithTheNewestHeaders) {
  const fs::path include = "/var/cache/abishim/linux-libc-dev/usr/include";
  if (!fs::exists(include)) GTEST_SKIP() << "tests/tables/headers.sh has not been run";
  Compare(include, true);
}

}  // namespace
}  // namespace abishim::test

// Rules about the sources: which files a row needs, and who may include whom.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tables/flags.h"
#include "tables/lookup.h"

namespace abishim::test {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = fs::path(__FILE__).parent_path().parent_path().parent_path();

// The names of what is in a folder and ends so, without the ending.
std::set<std::string> Names(const fs::path& folder, const std::string& ending) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(kRoot / folder)) {
    const std::string name = entry.path().filename();
    if (name.ends_with(ending)) names.insert(name.substr(0, name.size() - ending.size()));
  }
  return names;
}

std::set<std::string> Translated() {
  std::set<std::string> names;
  for (const Row& row : kSyscalls) {
    if (row.when_missing != nullptr) names.insert(std::string(row.name));
  }
  return names;
}

// A test is called after its translation, or after it and a topic: openat2_rename_test.cc.
TEST(Rows, EachTranslationHasItsFileAndItsTest) {
  const auto translated = Translated(), tests = Names("tests/translate", "_test.cc");
  EXPECT_EQ(Names("tables/translate", ".cc"), translated);
  for (const std::string& name : translated) EXPECT_TRUE(tests.contains(name)) << name;
  for (const std::string& test : tests) {
    EXPECT_TRUE(std::any_of(
        translated.begin(), translated.end(),
        [&](const std::string& name) { return test == name || test.starts_with(name + "_"); }))
        << test << "_test.cc tests no translation";
  }
}

// Of a flag a file of its own, but where the call's own translation knows the flag; and a test.
TEST(Rows, EachTranslatedFlagHasItsFileAndItsTest) {
  std::set<std::string> files, calls;
  for (const Flag& flag : kFlags) {
    if (flag.when_missing == nullptr) continue;
    calls.insert(std::string(flag.call));
    if (FindRow(flag.call)->when_missing != flag.when_missing) files.insert(std::string(flag.call));
  }
  EXPECT_EQ(Names("tables/flags", ".cc"), files);
  EXPECT_EQ(Names("tests/flags", "_test.cc"), calls);
}

struct Line {
  fs::path file;  // relative to the root
  int number;
  std::string text;
};

// Every line of the code below these folders that matches.
std::vector<Line> Find(const std::vector<std::string>& folders, const std::string& pattern) {
  const std::regex wanted(pattern);
  std::vector<Line> lines;
  for (const std::string& folder : folders) {
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / folder)) {
      const std::string ending = entry.path().extension();
      if (ending != ".cc" && ending != ".h" && ending != ".S") continue;
      std::ifstream file(entry.path());
      std::string text;
      for (int number = 1; std::getline(file, text); ++number) {
        if (std::regex_search(text, wanted)) {
          lines.push_back({fs::relative(entry.path(), kRoot), number, text});
        }
      }
    }
  }
  return lines;
}
std::string Place(const Line& line) {
  return line.file.string() + ":" + std::to_string(line.number) + ": " + line.text;
}
std::string Included(const Line& line) {
  std::smatch match;
  std::regex_search(line.text, match, std::regex("[\"<]([^\">]+)[\">]"));
  return match[1];
}

// arch <- tables <- shim; "abi.h" and its like without a folder are the architecture's.
TEST(Includes, PointOneWay) {
  const auto lines = Find({"arch", "tables", "shim"}, "^ *# *include *\"");
  EXPECT_GT(lines.size(), 30u);
  for (const Line& line : lines) {
    const std::string top = line.file.begin()->string(), file = Included(line);
    const bool tables = file.starts_with("tables/"), shim = file.starts_with("shim/");
    const bool architecture = file.find('/') == std::string::npos;
    EXPECT_TRUE(!(top == "arch") || (architecture)) << Place(line);
    EXPECT_TRUE(!(top == "tables") || (tables || file == "abi.h")) << Place(line);
    EXPECT_TRUE(!(top == "shim") || (tables || shim || architecture)) << Place(line);
    EXPECT_TRUE(!(top == "shim" && !architecture) || (fs::exists(kRoot / file))) << Place(line);
  }
}

// What runs in a signal handler includes the kernel's headers and those of C++ that need no libc.
TEST(Includes, NoLibcInTheImage) {
  const std::set<std::string> allowed = {
      "algorithm", "array",  "atomic", "bit",         "compare",     "cstddef", "cstdint",
      "iterator",  "limits", "span",   "string_view", "type_traits", "utility"};
  const auto lines = Find({"arch", "tables", "shim"}, "^ *# *include *<");
  EXPECT_GT(lines.size(), 20u);
  for (const Line& line : lines) {
    const std::string path = line.file, file = Included(line);
    if (path.starts_with("shim/command/") || path.starts_with("shim/layer/")) continue;
    EXPECT_TRUE(file.starts_with("linux/") || file.starts_with("asm/") || allowed.contains(file))
        << Place(line);
  }
}

TEST(Sources, ArchitecturesAreToldApartInArchOnly) {
  for (const Line& line :
       Find({"tables", "shim"},
            "^ *# *(if|elif|ifdef|ifndef).*__(x86_64|amd64|i386|aarch64|arm|riscv)")) {
    ADD_FAILURE() << Place(line);
  }
}

TEST(Sources, NoFunctionLikeMacros) {
  for (const Line& line : Find({"arch", "tables", "shim"}, "^ *# *define +\\w+\\(")) {
    if (line.file.extension() != ".S") ADD_FAILURE() << Place(line);
  }
}

}  // namespace
}  // namespace abishim::test
